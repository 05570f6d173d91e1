-- Frage: Was tun wir ohnehin, was kostet es, und was wollen wir damit erreichen?
-- Question: What do we do anyway, what does it cost, and what do we want to achieve with it?
-- Positionspapier: These 5, Haushaltsberatungen als wiederkehrende Möglichkeit; These 1, Pflichtaufgaben
--   und ihr Wie
-- Darf: eine Haushaltsberatung eröffnen: Pflicht oder freiwillig, wie offen das Wie ist, und die Zahlen des
--   Fachbereichs.
-- May: open a talk about the budget: mandatory or voluntary, whether the how is open, and the department's
--   figures.
-- Darf nicht: Kosten durch Kennzahlen teilen oder Kürzungen begründen; die Zahlen gehören zum Fachbereich,
--   nicht zur einzelnen Leistung.
-- May not: divide cost by indicators or justify cuts; the figures belong to the department, not to the
--   single service.
with city as (
    select *
    from views.latest_value
    where group_id = 'all'
    qualify level_rank = max(level_rank) over (partition by area_system) and not is_unassigned
)

select
    department.name_de as department_de,
    department.name_en as department_en,
    service.name_de as service_de,
    service.name_en as service_en,
    service.duty,
    service.how_is_open,
    service.legal_basis,
    service.budget_product,
    service.yearly_cost,
    indicator.name_de as indicator_de,
    indicator.name_en as indicator_en,
    city.period_start,
    city.value,
    city.low,
    city.high,
    city.unit,
    city.status,
    city.reason,
    city.marks,
    indicator.not_meant_for_de,
    indicator.not_meant_for_en
from marts.service as service
inner join marts.department as department using (department_id)
inner join marts.indicator as indicator using (department_id)
inner join city using (indicator_id)
order by department.name_de, service.name_de, indicator.name_de
