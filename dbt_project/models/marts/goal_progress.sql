-- Each version of a goal beside every value it speaks of, also those from before it was set: a target
-- that was met when it was decided, or that was lowered later, stays visible.
with compared as (
    select
        version.goal_id,
        version.version_since,
        version.version_until,
        version.state,
        version.indicator_id,
        area.area_system,
        area.area_version,
        area.area_id,
        figure.period_start,
        version.grain,
        version.group_id,
        figure.value,
        version.unit,
        figure.low,
        figure.high,
        figure.status,
        figure.reason,
        figure.reason_en,
        figure.as_of,
        version.baseline,
        version.target,
        version.target_date,
        version.direction,
        case
            when period.period_end < version.version_since then 'before'
            when figure.period_start > version.version_until then 'after'
            when figure.period_start is not null then 'during'
        end as period_in_version,
        period.period_end >= version.target_date as is_due,
        case
            when version.target is null then 'no_target'
            when version.baseline is null then 'no_baseline'
            when version.baseline = version.target then 'hold'
            when version.direction = if(version.baseline < version.target, 'at_most', 'at_least')
                then 'limit'
            else 'way'
        end as way
    from {{ ref('goal_version') }} as version
    inner join {{ source('declared', 'goal_area') }} as area
        using (goal_id)
    left join {{ ref('indicator_value') }} as figure
        on
            version.indicator_id = figure.indicator_id
            and version.group_id = figure.group_id
            and version.grain = figure.grain
            and area.area_system = figure.area_system
            and area.area_version = figure.area_version
            and area.area_id = figure.area_id
    left join {{ ref('period') }} as period
        on figure.period_start = period.period_start and figure.grain = period.grain
),

judged as (
    select
        *,
        case
            when state = 'dropped' or target is null or direction is null then 'not_judged'
            when value is null then 'no_value'
            when direction = 'at_most' and coalesce(high, value) <= target then 'met'
            when direction = 'at_most' and coalesce(low, value) > target then 'not_met'
            when direction = 'at_least' and coalesce(low, value) >= target then 'met'
            when direction = 'at_least' and coalesce(high, value) < target then 'not_met'
            else 'cannot_tell'
        end as reached,
        case when way = 'way' then {{ part_of_way('value') }} end as progress,
        case when way = 'way' then {{ part_of_way('low') }} end as progress_at_low,
        case when way = 'way' then {{ part_of_way('high') }} end as progress_at_high
    from compared
)

select
    goal_id,
    version_since,
    version_until,
    state,
    indicator_id,
    area_system,
    area_version,
    area_id,
    period_start,
    grain,
    group_id,
    period_in_version,
    value,
    unit,
    low,
    high,
    baseline,
    target,
    target_date,
    direction,
    is_due,
    cast(value - target as double) as distance,
    cast(progress as double) as progress_percent,
    cast(least(progress_at_low, progress_at_high) as double) as progress_low,
    cast(greatest(progress_at_low, progress_at_high) as double) as progress_high,
    reached,
    coalesce(status, 'missing') as status,
    nullif({{ goal_reason('de') }}, '') as reason,
    nullif({{ goal_reason('en') }}, '') as reason_en,
    as_of
from judged
