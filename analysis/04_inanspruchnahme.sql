-- Frage: Wo wird ein Angebot, auf die Menschen dort gerechnet, mehr oder weniger genutzt, und von wem
--   wissen wir es nicht?
-- Question: Where is an offer used more or less for the people there, and of whom do we not know?
-- Positionspapier: These 4, Beispiel des Jugendamts: Inanspruchnahme eines Präventionsprogramms
-- Darf: die Frage nach unterschiedlichen Zugängen stellen; Gebiete stehen nach dem Alphabet.
-- May: ask about differing access; areas stand in alphabetical order.
-- Darf nicht: Bedarf oder Qualität messen: wer nicht kommt, kann anderswo versorgt sein, und wer ohne
--   Gebiet gezählt wurde (not_assignable), fehlt in jedem Gebiet.
-- May not: measure need or quality: who does not come may be served elsewhere, and who was counted without
--   an area (not_assignable) is missing in every area.
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
)

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
order by indicator.name_de, latest.area_name, latest.area_id
