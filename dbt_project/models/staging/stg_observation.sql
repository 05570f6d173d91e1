-- What is known of each cell on the day asked for: the newest of all deliveries until then.
select observation.*
from {{ source('lake', 'observation') }} as observation
inner join {{ source('ledger', 'delivery') }} as delivery
    using (delivery_id)
where observation.as_of <= cast('{{ var("as_of") }}' as date)
qualify row_number() over (
    partition by
        observation.measure_id,
        observation.area_system,
        observation.area_version,
        observation.area_id,
        observation.period_start,
        observation.grain,
        observation.group_id
    order by observation.as_of desc, delivery.position desc
) = 1
