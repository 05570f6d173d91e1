-- The latest known state of every indicator, one row per area, period and group.
with every_kind as (
    select * from {{ ref('indicator_figure') }}
    union all by name
    select * from {{ ref('indicator_composite') }}
)

select
    indicator_id,
    area_system,
    area_version,
    area_id,
    period_start,
    grain,
    group_id,
    numerator,
    denominator,
    value,
    unit,
    low,
    high,
    status,
    reason,
    reason_en,
    as_of
from every_kind
