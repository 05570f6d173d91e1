-- An index: the weighted sum of the z scores of its parts, itself standardised over the areas compared.
-- An edition in which any of these areas lacks a part is refused as a whole, never made of what is left.
with summed as (
    select
        indicator_id,
        area_system,
        area_version,
        area_id,
        level,
        period_start,
        grain,
        case when count(z) = count(*) then {{ exact_sum('weight * z') }} end as total,
        bool_or(is_lacking) as is_lacking,
        min(part_id) filter (where is_lacking and value is null) as lacking_part,
        min(part_id) filter (where standard_deviation = 0) as equal_part,
        min(status) filter (where status in ('estimated', 'provisional')) as own_status,
        min(reason) filter (where status in ('estimated', 'provisional')) as own_reason,
        min(reason_en) filter (where status in ('estimated', 'provisional')) as own_reason_en,
        any_value(area_count) as area_count,
        any_value(lacking_count) as lacking_count,
        any_value(lacking_text) as lacking_text,
        any_value(has_estimated) as has_estimated,
        any_value(has_provisional) as has_provisional,
        any_value(as_of) as as_of
    from {{ ref('composite_part') }}
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
        {{ exact_sum('total') }} / count(total) as mean
    from summed
    group by all
),

spread as (
    select
        summed.indicator_id,
        summed.area_system,
        summed.area_version,
        summed.level,
        summed.period_start,
        summed.grain,
        any_value(centre.mean) as mean,
        sqrt({{ exact_sum('power(summed.total - centre.mean, 2)') }} / count(summed.total))
            as standard_deviation
    from summed
    inner join centre
        using (indicator_id, area_system, area_version, level, period_start, grain)
    group by all
),

judged as (
    select
        summed.*,
        area.is_compared,
        area.reason as area_reason,
        area.reason_en as area_reason_en,
        spread.standard_deviation,
        (summed.total - spread.mean) / nullif(spread.standard_deviation, 0) as score,
        case
            when not area.is_compared then 'left_out'
            when summed.is_lacking then 'lacking'
            when summed.lacking_count > 0 then 'refused'
            when summed.area_count < 3 then 'too_few'
            when summed.equal_part is not null or spread.standard_deviation = 0 then 'all_equal'
            else 'valued'
        end as verdict
    from summed
    inner join {{ ref('composite_area') }} as area
        using (indicator_id, area_system, area_version, area_id, level, period_start, grain)
    left join spread
        using (indicator_id, area_system, area_version, level, period_start, grain)
)

select
    judged.indicator_id,
    judged.area_system,
    judged.area_version,
    judged.area_id,
    judged.period_start,
    judged.grain,
    'all' as group_id,
    cast(null as double) as numerator,
    cast(null as double) as denominator,
    case when judged.verdict = 'valued' then judged.score end as value,
    indicator.unit,
    cast(null as double) as low,
    cast(null as double) as high,
    case judged.verdict
        when 'left_out' then 'not_collected'
        when 'lacking' then 'missing'
        when 'valued'
            then case
                when judged.has_estimated then 'estimated'
                when judged.has_provisional then 'provisional'
                else 'observed'
            end
        else 'not_comparable'
    end as status,
    case judged.verdict
        when 'left_out' then judged.area_reason
        when 'lacking' then coalesce('Bestandteil fehlt: ' || judged.lacking_part, judged.area_reason)
        when 'refused'
            then
                'nicht gerechnet: in ' || judged.lacking_count || ' von ' || judged.area_count
                || ' Gebieten fehlen Bestandteile: ' || judged.lacking_text
        when 'too_few' then 'nicht gerechnet: zu wenige Gebiete zum Vergleichen (' || judged.area_count || ')'
        when 'all_equal'
            then 'nicht gerechnet: alle Gebiete gleich' || coalesce(' bei ' || judged.equal_part, '')
        when 'valued'
            then coalesce(
                judged.own_reason,
                case
                    when judged.own_status is null and (judged.has_estimated or judged.has_provisional)
                        then 'verglichen mit Gebieten, deren Werte geschätzt oder vorläufig sind'
                end
            )
    end as reason,
    case judged.verdict
        when 'left_out' then judged.area_reason_en
        when 'lacking'
            then coalesce('component missing: ' || judged.lacking_part, judged.area_reason_en)
        when 'refused'
            then
                'not computed: components are missing in ' || judged.lacking_count || ' of '
                || judged.area_count || ' areas: ' || judged.lacking_text
        when 'too_few' then 'not computed: too few areas to compare (' || judged.area_count || ')'
        when 'all_equal'
            then 'not computed: all areas are equal' || coalesce(' in ' || judged.equal_part, '')
        when 'valued'
            then coalesce(
                judged.own_reason_en,
                case
                    when judged.own_status is null and (judged.has_estimated or judged.has_provisional)
                        then 'compared with areas whose values are estimated or provisional'
                end
            )
    end as reason_en,
    judged.as_of
from judged
inner join {{ source('declared', 'indicator') }} as indicator
    using (indicator_id)
