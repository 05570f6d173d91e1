{{ config(tags=['outlook']) }}

-- A forecast that was published again with newer figures, as far ahead as before, counts as first said.
with first_said as (
    select
        *,
        if(model = 'nowcast', 'nowcast', 'forecast') as kind
    from {{ ref('forecast_score') }}
    qualify row_number() over (
        partition by
            indicator_id, area_system, area_version, area_id, period_start, grain, group_id,
            scenario_id, kind, ahead
        order by forecast_as_of, record_id
    ) = 1
),

counted as (
    select
        indicator_id,
        area_system,
        level,
        grain,
        scenario_id,
        kind,
        ahead,
        acted_on,
        count(*) as scored,
        count(distinct period_start) as periods,
        count(*) filter (inside_80) as inside_80,
        count(*) filter (inside_95) as inside_95,
        avg(wis order by area_version, area_id, period_start, group_id) as wis,
        avg(absolute_error order by area_version, area_id, period_start, group_id) as absolute_error,
        count(simple_error) as compared,
        avg(absolute_error order by area_version, area_id, period_start, group_id)
        filter (simple_error is not null) as compared_error,
        avg(simple_error order by area_version, area_id, period_start, group_id) as simple_error,
        -- Areas of one period share its shocks, so that many areas alone say little.
        scored >= 10 and periods >= 3 as enough,
        max(as_of) as as_of
    from first_said
    group by all
),

worded as (
    select
        counted.*,
        indicator.unit
    from counted
    inner join {{ ref('indicator') }} as indicator
        using (indicator_id)
)

select
    indicator_id,
    area_system,
    level,
    grain,
    scenario_id,
    kind,
    ahead,
    acted_on,
    scored,
    periods,
    inside_80,
    inside_95,
    cast(if(enough, 100 * inside_80 / scored, null) as double) as share_80,
    cast(if(enough, 100 * inside_95 / scored, null) as double) as share_95,
    if(enough, wis, null) as wis,
    if(enough, absolute_error, null) as absolute_error,
    compared,
    if(enough, compared_error, null) as compared_error,
    if(enough, simple_error, null) as simple_error,
    unit,
    {{ record_text('de') }} as text_de,
    {{ record_text('en') }} as text_en,
    if(enough, 'observed', 'missing') as status,
    if(enough, null, 'zu wenige eingetroffene Voraussagen: nötig sind 10 über 3 Zeiträume') as reason,
    if(enough, null, 'too few forecasts whose time has come: it takes 10 over 3 periods') as reason_en,
    as_of
from worded
