-- Frage: Was tun wir ohnehin, was kostet es, und was wollen wir damit erreichen?
-- Question: What do we do anyway, what does it cost, and what do we want to achieve with it?
-- Positionspapier: These 5, Haushaltsberatungen als wiederkehrende Möglichkeit; These 1, Pflichtaufgaben
--   und ihr Wie
-- Darf: eine Haushaltsberatung eröffnen: Pflicht oder freiwillig, wie offen das Wie ist, was geplant und was
--   ausgegeben wurde, und die Kennzahlen, die von der Leistung sprechen.
-- May: open a talk about the budget: mandatory or voluntary, whether the how is open, what was planned and
--   what was spent, and the indicators that speak of the service.
-- Darf nicht: Kosten durch Kennzahlen teilen oder Kürzungen begründen; eine Kennzahl zeigt, wie es steht,
--   nicht, was die Leistung bewirkt hat.
-- May not: divide cost by indicators or justify cuts; an indicator shows how things stand, not what the
--   service brought about.
with city as (
    select *
    from views.latest_value
    where group_id = 'all'
    qualify level_rank = max(level_rank) over (partition by area_system) and not is_unassigned
),

settled as (
    select *
    from marts.service_cost
    where actual_cost is not null
    qualify year = max(year) over (partition by service_id)
),

contribution as (
    select distinct
        service_id,
        outcome_de,
        outcome_en
    from marts.contribution
)

select
    department.name_de as department_de,
    department.name_en as department_en,
    service.name_de as service_de,
    service.name_en as service_en,
    service.duty,
    service.how_is_open,
    service.legal_basis,
    service.beyond_the_law_de,
    service.beyond_the_law_en,
    service.budget_product,
    coalesce(settled.planned_cost, service.yearly_cost) as planned_cost,
    settled.actual_cost,
    settled.year as cost_year,
    contribution.outcome_de,
    contribution.outcome_en,
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
inner join marts.service_indicator using (service_id)
inner join marts.indicator as indicator using (indicator_id)
inner join city using (indicator_id)
left join settled using (service_id)
left join contribution using (service_id)
order by department.name_de, service.name_de, indicator.name_de
