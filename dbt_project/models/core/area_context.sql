-- What makes areas alike: each context indicator of each area, at the newest date any area has a value of.
with figure as (
    select
        context.reference_set_id,
        context.indicator_id,
        value.area_id,
        value.period_start,
        value.grain,
        value.value,
        value.as_of
    from {{ source('declared', 'reference_context') }} as context
    inner join {{ source('declared', 'reference_set') }} as chosen
        on context.reference_set_id = chosen.reference_set_id
    inner join {{ source('declared', 'area') }} as area
        on
            chosen.area_system = area.area_system
            and chosen.area_version = area.area_version
            and chosen.level = area.level
    inner join {{ ref('indicator_value') }} as value
        on
            context.indicator_id = value.indicator_id
            and area.area_system = value.area_system
            and area.area_version = value.area_version
            and area.area_id = value.area_id
            and value.group_id = 'all'
            and value.value is not null
    where not area.is_unassigned
),

newest as (
    select
        reference_set_id,
        indicator_id,
        period_start,
        grain
    from figure
    qualify row_number() over (
        partition by reference_set_id, indicator_id
        order by period_start desc, grain asc
    ) = 1
)

select
    reference.reference_set_id,
    area.area_system,
    area.area_version,
    area.area_id,
    context.indicator_id,
    newest.period_start,
    newest.grain,
    figure.value,
    figure.as_of
from {{ source('declared', 'reference_set') }} as reference
inner join {{ source('declared', 'reference_context') }} as context
    using (reference_set_id)
inner join {{ source('declared', 'area') }} as area
    using (area_system, area_version, level)
left join newest
    using (reference_set_id, indicator_id)
left join figure
    using (reference_set_id, indicator_id, area_id, period_start, grain)
where not area.is_unassigned
