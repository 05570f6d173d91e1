select
    programme_id,
    indicator_id
from {{ source('declared', 'programme_indicator') }}
