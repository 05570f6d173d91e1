-- What each indicator means, how much there is of it and how many marks it carries.
with marked as (
    select indicator_id, count(*) as mark_count
    from mark
    group by indicator_id
),

filled as (
    select indicator_id, count(*) as value_count
    from indicator_value
    group by indicator_id
)

select
    i.indicator_id, i.name_de, i.meaning_de, i.caveats_de, i.not_meant_for_de, i.formula, i.unit,
    i.interval, i.kind,
    coalesce(d.name_de, i.department_id) as department_de,
    coalesce(filled.value_count, 0) as value_count,
    coalesce(marked.mark_count, 0) as mark_count,
    replace(format('{:,}', coalesce(marked.mark_count, 0)), ',', '.') as mark_count_de,
    '/indikatoren/' || i.indicator_id || '/' as link
from indicator as i
left join department as d on d.department_id = i.department_id
left join filled on filled.indicator_id = i.indicator_id
left join marked on marked.indicator_id = i.indicator_id
order by department_de, i.name_de
