-- Periods of a measure that more than one delivery has brought: only there cells have to be told apart.
select
    measure_id,
    area_system,
    area_version,
    period_start,
    grain,
    min(first_day) as first_day,
    max(last_day) as last_day
from {{ ref('stg_covered') }}
group by all
having min(position) < max(position)
