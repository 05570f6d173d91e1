-- What each part says of each area of an edition: its z score over the areas compared, population
-- standard deviation. Where any of these areas lacks any part, no part of the edition has z scores.
with wanted as (
    select
        area.indicator_id,
        area.area_system,
        area.area_version,
        area.area_id,
        area.level,
        area.period_start,
        area.grain,
        component.part_id,
        component.weight,
        area.is_compared,
        figure.value,
        coalesce(figure.status, 'missing') as status,
        figure.reason,
        figure.reason_en,
        greatest(figure.as_of, area.as_of) as as_of,
        area.is_compared and (area.is_unknown or figure.value is null) as is_lacking
    from {{ ref('composite_area') }} as area
    inner join {{ source('declared', 'indicator_component') }} as component
        on
            area.indicator_id = component.indicator_id
            and area.period_start >= coalesce(component.valid_from, area.period_start)
            and area.period_start <= coalesce(component.valid_to, area.period_start)
    left join {{ ref('indicator_figure') }} as figure
        on
            component.part_id = figure.indicator_id
            and area.area_system = figure.area_system
            and area.area_version = figure.area_version
            and area.area_id = figure.area_id
            and area.period_start = figure.period_start
            and area.grain = figure.grain
            and figure.group_id = 'all'
),

edition as (
    select
        indicator_id,
        area_system,
        area_version,
        level,
        period_start,
        grain,
        count(distinct area_id) filter (where is_compared) as area_count,
        count(distinct area_id) filter (where is_lacking) as lacking_count,
        list_sort(list(distinct area_id) filter (where is_lacking)) as lacking,
        bool_or(is_compared and status = 'estimated') as has_estimated,
        bool_or(is_compared and status = 'provisional') as has_provisional,
        max(as_of) as as_of
    from wanted
    group by all
),

centre as (
    select
        indicator_id,
        area_system,
        area_version,
        level,
        period_start,
        grain,
        part_id,
        {{ exact_sum('value') }} / count(*) as mean
    from wanted
    where is_compared
    group by all
),

spread as (
    select
        wanted.indicator_id,
        wanted.area_system,
        wanted.area_version,
        wanted.level,
        wanted.period_start,
        wanted.grain,
        wanted.part_id,
        any_value(centre.mean) as mean,
        sqrt({{ exact_sum('power(wanted.value - centre.mean, 2)') }} / count(*)) as standard_deviation
    from wanted
    inner join centre
        using (indicator_id, area_system, area_version, level, period_start, grain, part_id)
    where wanted.is_compared
    group by all
)

select
    wanted.indicator_id,
    wanted.area_system,
    wanted.area_version,
    wanted.area_id,
    wanted.level,
    wanted.period_start,
    wanted.grain,
    wanted.part_id,
    wanted.weight,
    wanted.value,
    case when edition.lacking_count = 0 then spread.mean end as mean,
    case when edition.lacking_count = 0 then spread.standard_deviation end as standard_deviation,
    case
        when wanted.is_compared and edition.lacking_count = 0
            then (wanted.value - spread.mean) / nullif(spread.standard_deviation, 0)
    end as z,
    wanted.status,
    wanted.reason,
    wanted.reason_en,
    wanted.is_lacking,
    edition.area_count,
    edition.lacking_count,
    array_to_string(edition.lacking[:5], ', ')
    || case when edition.lacking_count > 5 then ' …' else '' end as lacking_text,
    edition.has_estimated,
    edition.has_provisional,
    edition.as_of
from wanted
inner join edition
    using (indicator_id, area_system, area_version, level, period_start, grain)
left join spread
    using (indicator_id, area_system, area_version, level, period_start, grain, part_id)
