select
    facility_list_id,
    valid_on,
    facility_id,
    name,
    longitude,
    latitude,
    capacity,
    opened,
    closed,
    is_used,
    reason,
    reason_en,
    as_of
from {{ source('declared', 'facility') }}
