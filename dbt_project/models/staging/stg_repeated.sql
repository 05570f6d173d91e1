-- Periods of a measure that more than one delivery has brought: only there cells have to be told apart.
select
    observation.measure_id,
    observation.area_system,
    observation.area_version,
    observation.period_start,
    observation.grain,
    min(observation.as_of) as first_day,
    max(observation.as_of) as last_day
from {{ source('lake', 'observation') }} as observation
inner join {{ source('ledger', 'delivery') }} as delivery
    using (delivery_id)
where observation.as_of <= cast('{{ var("as_of") }}' as date)
group by all
having min(delivery.position) < max(delivery.position)
