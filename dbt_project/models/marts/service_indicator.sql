select
    service_id,
    indicator_id
from {{ source('declared', 'service_indicator') }}
