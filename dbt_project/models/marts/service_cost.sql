select
    service_id,
    year,
    planned_cost,
    actual_cost
from {{ source('declared', 'service_cost') }}
