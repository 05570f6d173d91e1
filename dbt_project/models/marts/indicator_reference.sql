-- What stands beside a value: the whole, the area above, and the areas alike put together from counts.
with wanted as (
    select
        value.indicator_id,
        value.area_system,
        value.area_version,
        value.area_id,
        value.period_start,
        value.grain,
        value.group_id,
        value.unit,
        value.as_of,
        area.parent_id,
        reference.reference_set_id,
        reference.within,
        reference.at_least,
        reference.context_de,
        reference.context_en,
        chosen.is_context,
        indicator.kind,
        indicator.interval,
        case
            when indicator.kind = 'share' or access.counts = 'people' then 100
            when indicator.kind = 'rate' then indicator.per
            else 1
        end as factor
    from {{ source('declared', 'reference_indicator') }} as chosen
    inner join {{ source('declared', 'reference_set') }} as reference
        using (reference_set_id)
    inner join {{ source('declared', 'indicator') }} as indicator
        using (indicator_id)
    left join {{ source('declared', 'indicator_access') }} as access
        using (indicator_id)
    inner join {{ source('declared', 'area') }} as area
        using (area_system, area_version, level)
    inner join {{ ref('indicator_value') }} as value
        on
            chosen.indicator_id = value.indicator_id
            and area.area_system = value.area_system
            and area.area_version = value.area_version
            and area.area_id = value.area_id
    where not area.is_unassigned
),

above as (
    select
        wanted.indicator_id,
        wanted.area_system,
        wanted.area_version,
        wanted.area_id,
        wanted.period_start,
        wanted.grain,
        wanted.group_id,
        wanted.unit,
        wanted.as_of as own_as_of,
        area.area_id as above_id,
        area.name,
        if(area.parent_id is null, 'whole', 'above') as reference
    from wanted
    inner join {{ ref('stg_area_lineage') }} as lineage
        using (area_system, area_version, area_id)
    inner join {{ source('declared', 'area') }} as area
        on
            lineage.area_system = area.area_system
            and lineage.area_version = area.area_version
            and lineage.ancestor_id = area.area_id
    where
        lineage.ancestor_id != wanted.area_id
        and (area.parent_id is null or area.area_id = wanted.parent_id)
),

above_valued as (
    select
        above.indicator_id,
        above.area_system,
        above.area_version,
        above.area_id,
        above.period_start,
        above.grain,
        above.group_id,
        above.reference,
        above.above_id as areas,
        1 as area_count,
        above.name as basis,
        above.name as basis_en,
        value.numerator,
        value.denominator,
        value.value,
        above.unit,
        value.low,
        value.high,
        coalesce(value.status, 'missing') as status,
        if(value.status is null, 'für dieses Gebiet nicht geliefert', value.reason) as reason,
        if(value.status is null, 'not delivered for this area', value.reason_en) as reason_en,
        coalesce(value.as_of, above.own_as_of) as as_of
    from above
    left join {{ ref('indicator_value') }} as value
        on
            above.indicator_id = value.indicator_id
            and above.area_system = value.area_system
            and above.area_version = value.area_version
            and above.above_id = value.area_id
            and above.period_start = value.period_start
            and above.grain = value.grain
            and above.group_id = value.group_id
),

-- Areas that are alike but lack a value here are named, and left out on both sides of the fraction.
part as (
    select
        alike.* exclude (as_of), -- noqa: RF02
        area.name,
        value.indicator_id,
        value.period_start,
        value.grain,
        value.group_id,
        value.numerator,
        value.denominator,
        value.low,
        value.high,
        value.status,
        value.reason,
        value.reason_en,
        value.as_of,
        value.value is not null and value.denominator is not null as is_known
    from {{ ref('area_alike') }} as alike
    inner join {{ source('declared', 'area') }} as area
        on
            alike.area_system = area.area_system
            and alike.area_version = area.area_version
            and alike.alike_area_id = area.area_id
    inner join {{ ref('indicator_value') }} as value
        on
            alike.area_system = value.area_system
            and alike.area_version = value.area_version
            and alike.alike_area_id = value.area_id
    semi join {{ source('declared', 'reference_indicator') }} as chosen
        on alike.reference_set_id = chosen.reference_set_id and value.indicator_id = chosen.indicator_id
),

pooled as (
    select
        reference_set_id,
        indicator_id,
        area_system,
        area_version,
        area_id,
        period_start,
        grain,
        group_id,
        count(*) as area_count,
        array_to_string(list(alike_area_id order by alike_area_id), ', ') as areas,
        array_to_string(list(name order by alike_area_id), ', ') as names,
        list(alike_area_id order by alike_area_id) filter (where not is_known) as lacking,
        {{ exact_sum('case when is_known then numerator end') }} as numerator,
        {{ exact_sum('case when is_known then denominator end') }} as denominator,
        {{ exact_sum('case when is_known then low * denominator end') }} as low_sum,
        {{ exact_sum('case when is_known then high * denominator end') }} as high_sum,
        bool_or(is_known and status = 'estimated') as has_estimated,
        bool_or(is_known and status = 'provisional') as has_provisional,
        min(reason) filter (where is_known) as part_reason,
        min(reason_en) filter (where is_known) as part_reason_en,
        max(as_of) as as_of
    from part
    group by all
),

without_context as (
    select distinct
        reference_set_id,
        area_id
    from {{ ref('area_context') }}
    where value is null
),

judged as (
    select
        wanted.* exclude (as_of), -- noqa: RF02
        coalesce(pooled.area_count, 0) as area_count,
        pooled.areas,
        pooled.names,
        coalesce(len(pooled.lacking), 0) as lacking_count,
        pooled.lacking,
        pooled.numerator,
        pooled.denominator,
        pooled.low_sum,
        pooled.high_sum,
        pooled.has_estimated,
        pooled.has_provisional,
        pooled.part_reason,
        pooled.part_reason_en,
        coalesce(pooled.as_of, wanted.as_of) as as_of,
        case
            when wanted.is_context then 'circular'
            when wanted.kind in ('standardised', 'quantile', 'reported') then 'not_pooled'
            when without_context.area_id is not null then 'no_context'
            when pooled.area_id is null then 'none_alike'
            when coalesce(pooled.denominator, 0) = 0 then 'no_value'
            when len(pooled.lacking) > 0 or pooled.has_estimated then 'estimated'
            when pooled.has_provisional then 'provisional'
            else 'observed'
        end as verdict
    from wanted
    left join pooled
        using (
            reference_set_id, indicator_id, area_system, area_version, area_id, period_start, grain, group_id
        )
    left join without_context
        using (reference_set_id, area_id)
    where wanted.within is not null
),

valued as (
    select
        *,
        verdict in ('observed', 'provisional', 'estimated') as is_valued,
        case when verdict in ('observed', 'provisional', 'estimated') then denominator end as base
    from judged
),

alike_valued as (
    select
        indicator_id,
        area_system,
        area_version,
        area_id,
        period_start,
        grain,
        group_id,
        'alike' as reference,
        areas,
        area_count,
        'ähnlich nach ' || context_de || coalesce(': ' || names, '') as basis,
        'alike by ' || context_en || coalesce(': ' || names, '') as basis_en,
        case when is_valued then numerator end as numerator,
        base as denominator,
        factor * numerator / base as value,
        unit,
        case
            when interval = 'wilson' and numerator <= base
                then 100 * greatest({{ wilson('numerator', 'base', '-') }}, 0)
            when interval = 'byar' and verdict != 'estimated'
                then factor / base * {{ byar_low('numerator') }}
            when interval = 'placing' then low_sum / base
        end as low,
        case
            when interval = 'wilson' and numerator <= base
                then 100 * least({{ wilson('numerator', 'base', '+') }}, 1)
            when interval = 'byar' and verdict != 'estimated'
                then factor / base * {{ byar_high('numerator') }}
            when interval = 'placing' then high_sum / base
        end as high,
        case
            when is_valued then verdict
            when verdict in ('circular', 'none_alike') then 'not_comparable'
            else 'missing'
        end as status,
        case verdict
            when 'circular' then 'gehört selbst zum Kontext, nach dem Gebiete ähnlich sind'
            when 'not_pooled' then 'lässt sich nicht aus Zähler und Nenner zusammenfassen'
            when 'no_context' then 'zum Kontext des Gebiets fehlt ein Wert'
            when 'none_alike'
                then
                    'kein Gebiet ist ähnlich: weniger als ' || at_least || ' liegen näher als '
                    || replace(printf('%.15g', within), '.', ',') || ' Standardabweichungen'
            when 'no_value' then 'für keines der ähnlichen Gebiete liegt ein Wert vor'
            else concat_ws(
                '; ',
                case
                    when lacking_count > 0
                        then
                            'ohne ' || lacking_count || ' von ' || area_count || ' Gebieten: '
                            || {{ first_names('lacking') }}
                end,
                part_reason
            )
        end as reason,
        case verdict
            when 'circular' then 'is itself part of the context by which areas are alike'
            when 'not_pooled' then 'cannot be put together from numerator and denominator'
            when 'no_context' then 'a value of the context of the area is missing'
            when 'none_alike'
                then
                    'no area is alike: fewer than ' || at_least || ' are nearer than '
                    || printf('%.15g', within) || ' standard deviations'
            when 'no_value' then 'no value for any of the areas alike'
            else concat_ws(
                '; ',
                case
                    when lacking_count > 0
                        then
                            'without ' || lacking_count || ' of ' || area_count || ' areas: '
                            || {{ first_names('lacking') }}
                end,
                part_reason_en
            )
        end as reason_en,
        as_of
    from valued
),

together as (
    select * from above_valued
    union all by name
    select * from alike_valued
)

select
    indicator_id,
    area_system,
    area_version,
    area_id,
    period_start,
    grain,
    group_id,
    reference,
    areas,
    cast(area_count as bigint) as area_count,
    basis,
    basis_en,
    cast(numerator as double) as numerator,
    cast(denominator as double) as denominator,
    cast(value as double) as value,
    unit,
    cast(low as double) as low,
    cast(high as double) as high,
    status,
    nullif(reason, '') as reason,
    nullif(reason_en, '') as reason_en,
    as_of
from together
