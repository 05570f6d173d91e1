-- Every value with its interval, status and marks; figures also as German text.
with sized as (
    select
        *,
        max(abs(value)) over (partition by indicator_id) < 10 as is_small
    from indicator_value
),

worded as (
    select
        *,
        [
            translate(
                case
                    when abs(figure) >= 1000 then format('{:,.0f}', figure)
                    when is_small then format('{:,.2f}', figure)
                    else format('{:,.1f}', figure)
                end, ',.', '.,'
            )
            for figure in [value, low, high]
        ] as words
    from sized
)

select
    indicator_id,
    area_system || '|' || area_version || '|' || area_id as area_key,
    area_level || '|' || area_system || '|' || area_version as level_key,
    area, area_level, area_version,
    period_start, grain, period_de, group_id, group_de,
    value, low, high, unit,
    case
        when value is null then '–'
        when value = round(value) then translate(format('{:,.0f}', value), ',.', '.,')
        else words[1]
    end as value_de,
    case when low is null or high is null then '' else words[2] || ' bis ' || words[3] end
        as interval_de,
    status, status_de, coalesce(reason, '') as reason_de,
    marks, mark_count, marks_de, questions_de, sources, licence
from worded
