{{ config(tags=['outlook']) }}

-- Each goal as it stands today beside the look ahead at the period its date falls into.
with goal as (
    select
        version.*,
        min(version.version_since) over (partition by version.goal_id) as set_on,
        indicator.lag_years
    from {{ ref('goal_version') }} as version
    inner join {{ ref('indicator') }} as indicator
        using (indicator_id)
    qualify version.version_until is null
),

asked as (
    select
        goal.*,
        of_area.area_system,
        of_area.area_version,
        of_area.area_id,
        area.level,
        -- What is done for a goal shows in its indicator from then on.
        goal.set_on + to_months(cast(ceil(12 * goal.lag_years) as integer)) > goal.target_date
            as shows_too_late
    from goal
    inner join {{ source('declared', 'goal_area') }} as of_area
        using (goal_id)
    inner join {{ ref('area') }} as area
        using (area_system, area_version, area_id)
),

known as (
    select
        figure.indicator_id,
        figure.area_system,
        figure.area_version,
        figure.area_id,
        figure.grain,
        figure.group_id,
        max(period.period_end) as known_until
    from {{ ref('indicator_value') }} as figure
    inner join {{ ref('period') }} as period
        using (period_start, grain)
    semi join goal
        on
            figure.indicator_id = goal.indicator_id
            and figure.grain = goal.grain
            and figure.group_id = goal.group_id
    where figure.value is not null
    group by all
),

ahead as (
    select
        indicator_id,
        area_system,
        area_version,
        area_id,
        grain,
        group_id,
        period_start,
        {{ period_end('period_start', 'grain', "grain = 'year' and period_start = last_day(period_start)") }}
            as period_end,
        model,
        ahead,
        origins,
        as_of,
        max(value) filter (quantile = 0.025) as low_95,
        max(value) filter (quantile = 0.1) as low_80,
        max(value) filter (quantile = 0.5) as median,
        max(value) filter (quantile = 0.9) as high_80,
        max(value) filter (quantile = 0.975) as high_95
    from {{ ref('forecast') }}
    where scenario_id = 'trend' and model != 'nowcast' and quantile is not null
    group by all
),

refused as (
    select
        indicator_id,
        area_system,
        area_version,
        area_id,
        grain,
        group_id,
        any_value(reason) as refusal,
        any_value(reason_en) as refusal_en
    from {{ ref('forecast') }}
    where scenario_id = 'trend' and model != 'nowcast' and quantile is null
    group by all
),

-- What programmes that name the indicator expect to see first.
early as (
    select
        link.indicator_id,
        string_agg(
            programme.name_de || ': ' || programme.earliest_sign_de, ' ' order by programme.programme_id
        ) as steps_de,
        string_agg(
            programme.name_en || ': ' || programme.earliest_sign_en, ' ' order by programme.programme_id
        ) as steps_en
    from {{ ref('programme_indicator') }} as link
    inner join {{ ref('programme') }} as programme
        using (programme_id)
    where programme.earliest_sign_de is not null
    group by all
),

reaching as (
    select
        indicator_id,
        area_system,
        area_version,
        area_id,
        grain,
        group_id,
        max(period_end) as reaches
    from ahead
    group by all
),

matched as (
    select
        asked.*,
        ahead.period_start,
        ahead.model,
        ahead.ahead,
        ahead.origins,
        ahead.low_95,
        ahead.low_80,
        ahead.median,
        ahead.high_80,
        ahead.high_95,
        ahead.as_of,
        known.known_until,
        reaching.reaches,
        refused.indicator_id is not null as is_refused,
        refused.refusal,
        refused.refusal_en,
        early.steps_de,
        early.steps_en
    from asked
    left join known
        using (indicator_id, area_system, area_version, area_id, grain, group_id)
    left join reaching
        using (indicator_id, area_system, area_version, area_id, grain, group_id)
    left join refused
        using (indicator_id, area_system, area_version, area_id, grain, group_id)
    left join early
        using (indicator_id)
    left join ahead
        on
            asked.indicator_id = ahead.indicator_id
            and asked.area_system = ahead.area_system
            and asked.area_version = ahead.area_version
            and asked.area_id = ahead.area_id
            and asked.grain = ahead.grain
            and asked.group_id = ahead.group_id
            and asked.target_date <= ahead.period_end
    qualify row_number() over (
        partition by asked.goal_id, asked.area_system, asked.area_version, asked.area_id
        order by ahead.period_start
    ) = 1
),

answered as (
    select
        *,
        case
            when state = 'dropped' then 'dropped'
            when state = 'contested' then 'contested'
            when target is null then 'no_target'
            when direction is null then 'no_direction'
            when target_date is null then 'no_date'
            when known_until >= target_date then 'due'
            when shows_too_late then 'shows_too_late'
            when is_refused then 'refused'
            when reaches is null then 'no_forecast'
            when period_start is null then 'too_far'
            when median is null then 'withheld'
            when origins = 0 then 'never_checked'
            else 'told'
        end as answer
    from matched
),

judged as (
    select
        *,
        if(answer = 'told', {{ chance_of_ten() }}, null) as chance_of_ten
    from answered
),

worded as (
    select
        *,
        {{ chance_text('de') }} as text_de,
        {{ chance_text('en') }} as text_en
    from judged
)

select
    worded.goal_id,
    worded.version_since,
    worded.state,
    worded.indicator_id,
    worded.area_system,
    worded.area_version,
    worded.area_id,
    worded.level,
    worded.group_id,
    worded.grain,
    worded.target,
    worded.target_date,
    worded.direction,
    worded.unit,
    worded.period_start,
    worded.ahead,
    worded.answer,
    cast(worded.chance_of_ten as bigint) as chance_of_ten,
    if(worded.answer = 'told', worded.low_80, null) as low_80,
    if(worded.answer = 'told', worded.median, null) as median,
    if(worded.answer = 'told', worded.high_80, null) as high_80,
    worded.text_de,
    worded.text_en,
    case when worded.answer = 'told' then {{ held_text('de') }} end as held_de,
    case when worded.answer = 'told' then {{ held_text('en') }} end as held_en,
    worded.steps_de as early_steps_de,
    worded.steps_en as early_steps_en,
    if(worded.answer = 'told', 'estimated', 'missing') as status,
    worded.as_of
from worded
left join {{ ref('forecast_record') }} as fared
    on
        worded.indicator_id = fared.indicator_id
        and worded.area_system = fared.area_system
        and worded.level = fared.level
        and worded.grain = fared.grain
        and worded.ahead = fared.ahead
        and fared.kind = 'forecast'
        and fared.scenario_id = 'trend'
        and not fared.acted_on
        and fared.status = 'observed'
left join {{ ref('forecast_backtest') }} as backtest
    on
        worded.indicator_id = backtest.indicator_id
        and worded.area_system = backtest.area_system
        and worded.area_version = backtest.area_version
        and worded.level = backtest.level
        and worded.grain = backtest.grain
        and worded.model = backtest.model
        and worded.ahead = backtest.ahead
