-- What is known of each cell on the day asked for: the newest of all deliveries until then.
-- The lake is named twice: what both halves read in common would be held in memory as a whole.
select known.*
from {{ source_in_texts('lake', 'observation') }} as known
semi join {{ source('ledger', 'delivery') }}
    using (delivery_id)
anti join {{ ref('stg_repeating') }}
    using (measure_id, delivery_id)
where known.as_of <= cast('{{ var("as_of") }}' as date)

union all by name

select known.*
from {{ source_in_texts('lake', 'observation') }} as known
inner join {{ source('ledger', 'delivery') }} as delivery
    using (delivery_id)
semi join {{ ref('stg_repeating') }}
    using (measure_id, delivery_id)
where known.as_of <= cast('{{ var("as_of") }}' as date)
qualify row_number() over (
    partition by
        known.measure_id,
        known.area_system,
        known.area_version,
        known.area_id,
        known.period_start,
        known.grain,
        known.group_id
    order by known.as_of desc, delivery.position desc
) = 1
