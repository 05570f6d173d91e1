-- Frage: Wie steht es um unsere Ziele, in jeder ihrer Fassungen?
-- Question: How do we stand on our goals, in each of their versions?
-- Positionspapier: These 5, regelmäßig über Ziele und deren Erreichung sprechen
-- Darf: Ausgangswert, Ziel und heutigen Wert nebeneinander zeigen; auch ein gesenktes Ziel bleibt stehen.
-- May: show baseline, target and today's value side by side; a lowered target stays visible too.
-- Darf nicht: Zielerreichung einem Fachbereich zuschreiben; ob das Ziel im Bereich liegt, ist kein Urteil.
-- May not: attribute reaching a goal to a department; whether the target lies in the interval is no
--   verdict.
with city as (
    select
        area_system,
        area_id
    from views.latest_value
    where not is_unassigned
    group by area_system, area_id
    qualify max(level_rank) = max(max(level_rank)) over (partition by area_system)
),

-- A goal without areas is for the whole city.
goal_area as (
    select
        goal.*,
        unnest(coalesce(string_split(goal.areas, ', '), (select list(city.area_id) from city))) as area_id
    from marts.goal as goal
)

select
    goal_area.name_de as goal_de,
    goal_area.name_en as goal_en,
    goal_area.holder_kind,
    goal_area.holder_name_de,
    goal_area.holder_name_en,
    goal_area.state,
    goal_area.version_since,
    goal_area.target_date,
    indicator.name_de as indicator_de,
    indicator.name_en as indicator_en,
    indicator.polarity,
    latest.area_name,
    goal_area.baseline,
    goal_area.target,
    latest.period_start,
    latest.value,
    latest.low,
    latest.high,
    latest.unit,
    latest.status,
    latest.reason,
    latest.marks,
    goal_area.note_de,
    goal_area.note_en
from goal_area
inner join marts.indicator as indicator using (indicator_id)
left join views.latest_value as latest using (indicator_id, area_id, group_id)
order by goal_area.name_de, goal_area.version_since, latest.area_name
