-- Frage: Welche Unterschiede zwischen Zielgruppen fallen auf?
-- Question: Which differences between target groups stand out?
-- Positionspapier: These 4, Wirkungsdialoge, Fragen an die Zahlen
-- Darf: jede Gruppe neben allen zeigen, für die ganze Stadt, mit Bereich und Status.
-- May: show every group beside everybody, for the whole city, with interval and status.
-- Darf nicht: aus der Gruppe auf einzelne Menschen schließen oder Gruppen gegeneinander stellen.
-- May not: conclude from a group on single people or set groups against each other.
with city as (
    select *
    from views.latest_value
    qualify level_rank = max(level_rank) over (partition by area_system) and not is_unassigned
)

select
    indicator.name_de as indicator_de,
    indicator.name_en as indicator_en,
    coalesce(groups.name_de, city.group_id) as group_de,
    coalesce(groups.name_en, city.group_id) as group_en,
    city.period_start,
    city.value,
    city.low,
    city.high,
    city.unit,
    everybody.value as everybody_value,
    everybody.low as everybody_low,
    everybody.high as everybody_high,
    city.status,
    city.reason,
    city.marks
from city
inner join marts.indicator as indicator using (indicator_id)
left join marts."group" as groups using (group_id)
left join city as everybody
    on
        city.indicator_id = everybody.indicator_id
        and city.area_system = everybody.area_system
        and everybody.group_id = 'all'
where city.group_id != 'all'
order by indicator.name_de, city.group_id
