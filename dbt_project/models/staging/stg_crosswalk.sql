-- Weights made to sum to 1 per area of the older version; how far they missed 1 stays visible.
select
    area_system,
    from_version,
    from_area_id,
    to_version,
    to_area_id,
    level,
    basis,
    is_default,
    weight_raw,
    weight_raw / sum(weight_raw) over source_area as weight,
    sum(weight_raw) over source_area as raw_sum,
    spread,
    measured_by_de,
    measured_by_en
from {{ source('declared', 'crosswalk') }}
where weight_raw > 0
window source_area as (
    partition by area_system, from_version, to_version, level, basis, from_area_id
    order by to_area_id
    rows between unbounded preceding and unbounded following
)
