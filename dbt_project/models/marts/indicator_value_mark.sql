-- Every value with its marks in one line, so that none travels without them.
{{ config(tags=['review']) }}

with marks as (
    select
        indicator_id,
        area_system,
        area_version,
        area_id,
        period_start,
        grain,
        group_id,
        string_agg(sign || ' ' || severity, '; ' order by sign, severity) as marks,
        count(*) as mark_count,
        ['hinweis', 'mittel', 'hoch'][
            max(list_position(['hinweis', 'mittel', 'hoch'], severity))
        ] as highest_severity
    from {{ ref('mark') }}
    group by all
)

select
    value.indicator_id,
    value.area_system,
    value.area_version,
    value.area_id,
    value.period_start,
    value.grain,
    value.group_id,
    coalesce(marks.marks, '') as marks,
    coalesce(marks.mark_count, 0) as mark_count,
    marks.highest_severity
from {{ ref('indicator_value') }} as value
left join marks
    using (indicator_id, area_system, area_version, area_id, period_start, grain, group_id)
