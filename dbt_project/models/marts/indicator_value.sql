-- The latest known state of every indicator, one row per area, period and group.
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
from {{ ref('indicator_figure') }}
