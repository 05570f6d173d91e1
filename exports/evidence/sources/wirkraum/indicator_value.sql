-- Every value with its interval, status and marks; figures also as German text.
with worded as (
    select
        *,
        translate(format('{:,.0f}', value), ',.', '.,') as whole,
        translate(format('{:,.1f}', value), ',.', '.,') as fine,
        translate(format('{:,.1f}', low), ',.', '.,') as low_de,
        translate(format('{:,.1f}', high), ',.', '.,') as high_de
    from indicator_value
)
select
    indicator_id,
    area_system || '|' || area_version || '|' || area_id as area_key,
    area_level || '|' || area_system || '|' || area_version as level_key,
    area, area_level, area_version,
    period_start, grain, period_de, group_id, group_de,
    value, low, high, unit,
    case when value is null then '–' when value = round(value) then whole else fine end as value_de,
    case when low is null or high is null then '' else low_de || ' bis ' || high_de end as interval_de,
    status, status_de, coalesce(reason, '') as reason_de,
    marks, mark_count, marks_de, questions_de, sources, licence
from worded
