-- Which deliveries have brought which areas of a measure, of whatever groups.
with delivered as (
    select
        measure_id,
        area_system,
        area_version,
        area_id,
        period_start,
        grain,
        delivery_id,
        min(unit) as unit,
        min(as_of) as first_day,
        max(as_of) as last_day
    from {{ source_in_texts('lake', 'observation') }}
    where as_of <= cast('{{ var("as_of") }}' as date)
    group by all
)

select
    delivered.measure_id,
    cast(delivered.area_system as area_system) as area_system,
    cast(delivered.area_version as area_version) as area_version,
    cast(delivered.area_id as area_id) as area_id,
    delivered.period_start,
    cast(delivered.grain as grain) as grain,
    delivered.delivery_id,
    delivery.position,
    delivered.unit,
    delivered.first_day,
    delivered.last_day
from delivered
inner join {{ source('ledger', 'delivery') }} as delivery
    using (delivery_id)
