-- What was delivered, in the area version in which it was delivered.
select
    measure_id,
    area_system,
    area_version,
    area_id,
    period_start,
    grain,
    group_id,
    value,
    unit,
    status,
    reason,
    reason_en,
    as_of,
    'delivered' as origin
from {{ ref('stg_observation') }}
