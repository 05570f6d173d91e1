-- Frage: Was wissen alle Fachbereiche zusammen über einen Ort?
-- Question: What do all departments together know about one place?
-- Positionspapier: These 4, Daten zusammenführen; These 2, Wirkung über Zuständigkeitsgrenzen hinweg
-- Darf: die Zahlen aller Fachbereiche zu einem Gebiet auf einen Blick zeigen, auch was fehlt oder geschützt
--   ist.
-- May: show the figures of all departments on one area at a glance, also what is missing or suppressed.
-- Darf nicht: zu einer Summe, Note oder Reihenfolge der Gebiete verrechnet werden.
-- May not: be added up to a sum, a grade or an order of areas.
select
    latest.area_id,
    latest.area_name,
    department.name_de as department_de,
    department.name_en as department_en,
    indicator.name_de as indicator_de,
    indicator.name_en as indicator_en,
    latest.period_start,
    latest.value,
    latest.low,
    latest.high,
    latest.unit,
    latest.status,
    latest.reason,
    latest.reason_en,
    latest.marks,
    latest.as_of
from views.latest_value as latest
inner join marts.indicator as indicator using (indicator_id)
inner join marts.department as department using (department_id)
where latest.group_id = 'all' and latest.level_rank = 0 and not latest.is_unassigned
order by latest.area_name, latest.area_id, department.name_de, indicator.name_de
