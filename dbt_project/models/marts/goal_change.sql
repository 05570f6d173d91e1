-- What a version of a goal changed against the one before, with both figures side by side.
with paired as (
    select
        *,
        lag(version_since) over versions as version_before,
        lag(state) over versions as state_before,
        lag(baseline) over versions as baseline_before,
        lag(target) over versions as target_before,
        lag(target_date) over versions as target_date_before,
        lag(direction) over versions as direction_before
    from {{ ref('goal_version') }}
    window versions as (partition by goal_id order by version_since)
),

judged as (
    select
        *,
        case
            when coalesce(target = target_before, target is null and target_before is null) then 'same'
            when direction = direction_before and target < target_before
                then if(direction = 'at_most', 'more', 'less')
            when direction = direction_before and target > target_before
                then if(direction = 'at_most', 'less', 'more')
            else 'cannot_tell'
        end as asks
    from paired
    where version_before is not null
)

select
    goal_id,
    version_since,
    version_before,
    indicator_id,
    unit,
    state_before,
    state,
    baseline_before,
    baseline,
    target_before,
    target,
    cast(target - target_before as double) as target_change,
    target_date_before,
    target_date,
    direction,
    asks,
    {{ goal_change_text('de') }} as text_de,
    {{ goal_change_text('en') }} as text_en,
    coalesce(note_de, 'kein Grund vermerkt') as reason,
    coalesce(note_en, 'no reason noted') as reason_en
from judged
