-- What is known of each cell on the day asked for: the newest of all deliveries until then.
with known as not materialized (
    select
        observation.*,
        delivery.position
    from {{ source('lake', 'observation') }} as observation
    inner join {{ source('ledger', 'delivery') }} as delivery
        using (delivery_id)
    where observation.as_of <= cast('{{ var("as_of") }}' as date)
)

select known.* exclude (position) -- noqa: RF02
from known
anti join {{ ref('stg_repeated') }}
    using (measure_id, area_system, area_version, period_start, grain)

union all by name

select known.* exclude (position) -- noqa: RF02
from known
semi join {{ ref('stg_repeated') }}
    using (measure_id, area_system, area_version, period_start, grain)
qualify row_number() over (
    partition by
        known.measure_id,
        known.area_system,
        known.area_version,
        known.area_id,
        known.period_start,
        known.grain,
        known.group_id
    order by known.as_of desc, known.position desc
) = 1
