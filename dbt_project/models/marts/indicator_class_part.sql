-- Why an area is in its class: the value of each part, how it lies among the areas compared, its weight.
select
    indicator_id,
    area_system,
    area_version,
    area_id,
    period_start,
    grain,
    'all' as group_id,
    part_id,
    weight,
    value,
    mean,
    standard_deviation,
    z,
    status,
    reason,
    reason_en
from {{ ref('composite_part') }}
