-- Frage: Welche Zielvorstellungen verschiedener Akteure treffen zur selben Zeit aufeinander?
-- Question: Which aims of different actors meet at the same time?
-- Positionspapier: These 1, Einladung zu einer neuen Perspektive; These 3, unterschiedliche
--   Handlungslogiken
-- Darf: zwei Ziele verschiedener Träger nebeneinander stellen, jedes mit dem, wovon sein Träger weniger
--   hinnähme.
-- May: set two goals of different holders side by side, each with what its holder would accept less of.
-- Darf nicht: einen Konflikt behaupten, ihn verrechnen oder lösen; ob einer da ist, sagen Menschen.
-- May not: claim a conflict, offset it or solve it; whether there is one is for people to say.
with current_goal as (
    select *
    from marts.goal
    where state != 'dropped'
    qualify version_since = max(version_since) over (partition by goal_id)
),

city as (
    select *
    from views.latest_value
    qualify level_rank = max(level_rank) over (partition by area_system) and not is_unassigned
)

select
    one.name_de as goal_de,
    one.name_en as goal_en,
    one.holder_name_de,
    one.holder_name_en,
    one.state,
    one.target,
    one.target_date,
    one.accepts_less_of_de,
    one.accepts_less_of_en,
    city.period_start,
    city.value,
    city.low,
    city.high,
    city.unit,
    city.status,
    city.marks,
    other.name_de as other_goal_de,
    other.name_en as other_goal_en,
    other.holder_name_de as other_holder_de,
    other.holder_name_en as other_holder_en,
    other.state as other_state,
    other.accepts_less_of_de as other_accepts_less_of_de,
    other.accepts_less_of_en as other_accepts_less_of_en
from current_goal as one
inner join current_goal as other
    on
        one.goal_id != other.goal_id
        and one.holder_name_de != other.holder_name_de
        and one.version_since <= other.target_date
        and one.target_date >= other.version_since
left join city
    on one.indicator_id = city.indicator_id and one.group_id = city.group_id
order by one.name_de, other.name_de
