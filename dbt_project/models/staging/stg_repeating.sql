-- Deliveries that share a period of a measure with another one: only in them cells have to be told apart.
select distinct
    covered.measure_id,
    covered.delivery_id
from {{ ref('stg_covered') }} as covered
semi join {{ ref('stg_repeated') }}
    using (measure_id, area_system, area_version, period_start, grain)
