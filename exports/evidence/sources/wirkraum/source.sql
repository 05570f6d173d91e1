-- Where each indicator comes from and under which licence.
select
    l.indicator_id, s.source_id, s.name_de,
    coalesce(nullif(trim(s.licence), ''), 'keine Angabe') as licence,
    coalesce(s.attribution, '') as attribution,
    coalesce(s.url, '') as url
from indicator_source as l
inner join source as s on s.source_id = l.source_id
order by l.indicator_id, s.name_de
