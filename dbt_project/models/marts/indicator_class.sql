-- The class of each area in an index, between which limits it lies and with how many areas it was compared.
with compared as (
    select distinct
        indicator_id,
        area_system,
        area_version,
        area_id,
        period_start,
        grain,
        area_count
    from {{ ref('composite_part') }}
)

select
    composite.indicator_id,
    composite.area_system,
    composite.area_version,
    composite.area_id,
    composite.period_start,
    composite.grain,
    composite.group_id,
    composite.value,
    class.class_id,
    class.name_de as class_de,
    class.name_en as class_en,
    class.above,
    class.up_to,
    compared.area_count,
    composite.status,
    composite.reason,
    composite.reason_en,
    composite.as_of
from {{ ref('indicator_composite') }} as composite
inner join compared
    using (indicator_id, area_system, area_version, area_id, period_start, grain)
left join {{ source('declared', 'indicator_class_limit') }} as class
    on
        composite.indicator_id = class.indicator_id
        and composite.value > coalesce(class.above, '-infinity'::double)
        and composite.value <= coalesce(class.up_to, 'infinity'::double)
