-- Frage: Wo wird ein Angebot, auf die Menschen dort gerechnet, mehr oder weniger genutzt, und von wem
--   wissen wir es nicht?
-- Question: Where is an offer used more or less for the people there, and of whom do we not know?
-- Positionspapier: These 4, Beispiel des Jugendamts: Inanspruchnahme eines Präventionsprogramms
-- Darf: die Frage nach unterschiedlichen Zugängen stellen; Gebiete stehen nach dem Alphabet.
-- May: ask about differing access; areas stand in alphabetical order.
-- Darf nicht: Qualität messen: wer nicht kommt, kann anderswo versorgt sein, und wer ohne Gebiet gezählt
--   wurde (not_assignable), fehlt in jedem Gebiet. Bedarf ist nur, was eine Zielgruppe als solchen zählt.
-- May not: measure quality: who does not come may be served elsewhere, and who was counted without an area
--   (not_assignable) is missing in every area. Need is only what a target group counts as such.
with nowhere as (
    select
        indicator_id,
        area_system,
        period_start,
        grain,
        sum(numerator) as not_assignable
    from views.latest_value
    where is_unassigned and group_id = 'all'
    group by all
),

latest_reach as (
    select
        *,
        (list_position(['month', 'quarter', 'half_year', 'year'], grain), period_start) as latest
    from marts.programme_reach
    where part = 'area'
    qualify latest = max(latest) over (partition by service_id, programme_id)
),

used as (
    select
        indicator.name_de as offer_de,
        indicator.name_en as offer_en,
        latest.area_id,
        latest.area_name,
        latest.period_start,
        latest.numerator as used,
        latest.denominator as people,
        nowhere.not_assignable,
        latest.value,
        latest.low,
        latest.high,
        latest.unit,
        latest.status,
        latest.reason,
        latest.marks
    from views.latest_value as latest
    inner join marts.indicator as indicator using (indicator_id)
    left join nowhere using (indicator_id, area_system, period_start, grain)
    where
        latest.group_id = 'all'
        and latest.level_rank = 0
        and not latest.is_unassigned
        -- A ratio sets what one department counts against the people another one counts.
        and indicator.kind = 'ratio'

    union all by name

    select
        coalesce(programme.name_de, service.name_de) as offer_de,
        coalesce(programme.name_en, service.name_en) as offer_en,
        reach.area_id,
        area.name as area_name,
        reach.period_start,
        reach.offered,
        reach.reached as used,
        reach.need as people,
        reach.not_reached_low,
        reach.not_reached_high,
        reach.without_area as not_assignable,
        reach.value,
        reach.low,
        reach.high,
        reach.unit,
        reach.status,
        reach.reason,
        '' as marks
    from latest_reach as reach
    inner join marts.area as area using (area_system, area_version, area_id)
    left join marts.programme as programme using (programme_id)
    left join marts.service as service on reach.service_id = service.service_id
    where area.level_rank = 0
)

select *
from used
order by offer_de, area_name, area_id
