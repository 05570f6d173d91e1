-- Frage: Über welche Programme ist bald zu entscheiden, und was wusste man dort vor Beginn und weiß man
--   jetzt?
-- Question: Which programmes are up for a decision, and what was known there before they began and is known
--   now?
-- Positionspapier: These 4, Stop-Doing-Reviews
-- Darf: ein Gespräch über Fortführung vorbereiten, neben der Begründung der Auswahl und dem Ende der
--   Förderung.
-- May: prepare a talk about going on, beside the reason for the choice and the end of funding.
-- Darf nicht: als Wirkung gelesen werden: wo es schlecht stand, wird es oft von selbst besser, und andere
--   wirken mit. Vor dem frühesten Zeichen (earliest_sign_since) lässt sich nichts erwarten.
-- May not: be read as an effect: where things stood badly they often improve by themselves, and others act
--   too. Nothing is to be expected before the earliest sign (earliest_sign_since).
with city as (
    select
        area_system,
        area_id
    from views.latest_value
    where not is_unassigned
    group by area_system, area_id
    qualify max(level_rank) = max(max(level_rank)) over (partition by area_system)
),

-- A programme without areas is for the whole city.
programme_area as (
    select
        programme_id,
        unnest(coalesce(string_split(areas, ', '), (select list(city.area_id) from city))) as area_id
    from marts.programme
)

select
    programme.name_de as programme_de,
    programme.name_en as programme_en,
    programme.start_date,
    programme.funding_ends,
    programme.yearly_budget,
    programme.chosen_because_de,
    programme.chosen_because_en,
    programme.earliest_sign_de,
    programme.earliest_sign_en,
    programme.earliest_sign_since,
    programme.also_acting_de,
    programme.also_acting_en,
    latest.area_name,
    indicator.name_de as indicator_de,
    indicator.name_en as indicator_en,
    indicator.lag_years,
    latest.unit,
    earlier.period_start as earlier_period,
    earlier.value as earlier_value,
    earlier.low as earlier_low,
    earlier.high as earlier_high,
    earlier.status as earlier_status,
    latest.period_start,
    latest.value,
    latest.low,
    latest.high,
    latest.status,
    latest.reason,
    latest.marks
from marts.programme as programme
inner join programme_area using (programme_id)
inner join marts.programme_indicator using (programme_id)
inner join views.latest_value as latest using (area_id, indicator_id)
inner join marts.indicator as indicator using (indicator_id)
left join marts.indicator_value as earlier
    on
        latest.indicator_id = earlier.indicator_id
        and latest.area_system = earlier.area_system
        and latest.area_version = earlier.area_version
        and latest.area_id = earlier.area_id
        and latest.group_id = earlier.group_id
        and latest.grain = earlier.grain
        and year(earlier.period_start) = year(programme.start_date) - 1
where latest.group_id = 'all'
order by programme.funding_ends, programme.name_de, latest.area_name, indicator.name_de
