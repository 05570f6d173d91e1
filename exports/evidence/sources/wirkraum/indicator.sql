-- What each indicator means, how much there is of it and how many marks it carries.
select
    i.indicator_id, i.name_de, i.meaning_de, i.caveats_de, i.not_meant_for_de, i.formula, i.unit,
    i.interval, i.kind,
    coalesce(d.name_de, i.department_id) as department_de,
    (select count(*) from indicator_value as v where v.indicator_id = i.indicator_id) as value_count,
    (select count(*) from mark as m where m.indicator_id = i.indicator_id) as mark_count,
    '/indikatoren/' || i.indicator_id || '/' as link
from indicator as i
left join department as d on d.department_id = i.department_id
order by department_de, i.name_de
