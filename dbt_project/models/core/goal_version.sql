-- Each version of a goal with the way it points and the day until which it held.
select
    goal.* exclude (direction), -- noqa: RF02
    coalesce(
        goal.direction,
        case
            when goal.baseline > goal.target then 'at_most'
            when goal.baseline < goal.target then 'at_least'
            when indicator.polarity = 'lower_is_better' then 'at_most'
            when indicator.polarity = 'higher_is_better' then 'at_least'
        end
    ) as direction,
    indicator.unit,
    lead(goal.version_since) over versions - 1 as version_until
from {{ source('declared', 'goal') }} as goal
inner join {{ source('declared', 'indicator') }} as indicator
    using (indicator_id)
window versions as (partition by goal.goal_id order by goal.version_since)
