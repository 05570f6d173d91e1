-- The states of changes of which one of the two values was revised; what was not stood as it stands today.
with base_state as (
    select * from {{ ref('indicator_state') }}
    union all by name
    select * from {{ ref('indicator_cumulative_state') }}
),

base as (
    select * from {{ ref('indicator_figure') }}
    union all by name
    select * from {{ ref('indicator_cumulative') }}
),

-- A change that is refused today, over a break or between two area versions, has no states either.
pair as (
    select
        today.indicator_id,
        today.area_system,
        today.area_version,
        today.area_id,
        today.period_start,
        today.grain,
        today.group_id,
        today.unit,
        derived.of_indicator_id,
        derived.expressed,
        {{ period_earlier('today.period_start', 'today.grain', 'derived.against') }} as earlier_start
    from {{ ref('indicator_change') }} as today
    inner join {{ source('declared', 'indicator_derived') }} as derived
        on today.indicator_id = derived.indicator_id
    where today.status != 'not_comparable'
),

revised as (
    select distinct
        indicator_id as of_indicator_id,
        area_system,
        area_version,
        area_id,
        period_start,
        grain,
        group_id
    from base_state
    where is_revised
),

concerned as (
    select pair.*
    from pair
    semi join revised
        using (of_indicator_id, area_system, area_version, area_id, period_start, grain, group_id)

    union

    select pair.*
    from pair
    semi join revised
        on
            pair.of_indicator_id = revised.of_indicator_id
            and pair.area_system = revised.area_system
            and pair.area_version = revised.area_version
            and pair.area_id = revised.area_id
            and pair.earlier_start = revised.period_start
            and pair.grain = revised.grain
            and pair.group_id = revised.group_id
),

stood as (
    select
        indicator_id as of_indicator_id,
        area_system,
        area_version,
        area_id,
        period_start,
        grain,
        group_id,
        value,
        status,
        as_of
    from base_state

    union all by name

    select
        base.indicator_id as of_indicator_id,
        base.area_system,
        base.area_version,
        base.area_id,
        base.period_start,
        base.grain,
        base.group_id,
        base.value,
        base.status,
        base.as_of
    from base
    anti join base_state
        on
            base.indicator_id = base_state.indicator_id
            and base.area_system = base_state.area_system
            and base.area_version = base_state.area_version
            and base.area_id = base_state.area_id
            and base.period_start = base_state.period_start
            and base.grain = base_state.grain
            and base.group_id = base_state.group_id
    where base.indicator_id in (select pair.of_indicator_id from pair)
),

later as (
    select
        concerned.*,
        stood.value,
        stood.status,
        stood.as_of
    from concerned
    inner join stood
        using (of_indicator_id, area_system, area_version, area_id, period_start, grain, group_id)
),

earlier as (
    select
        concerned.*,
        stood.value,
        stood.status,
        stood.as_of
    from concerned
    inner join stood
        on
            concerned.of_indicator_id = stood.of_indicator_id
            and concerned.area_system = stood.area_system
            and concerned.area_version = stood.area_version
            and concerned.area_id = stood.area_id
            and concerned.earlier_start = stood.period_start
            and concerned.grain = stood.grain
            and concerned.group_id = stood.group_id
),

day_of_change as (
    select * exclude (value, status) from later
    union
    select * exclude (value, status) from earlier
),

side_by_side as (
    select
        day_of_change.*,
        later.value as later_value,
        later.status as later_status,
        earlier.value as earlier_value,
        earlier.status as earlier_status
    from day_of_change
    asof left join later
        on
            day_of_change.indicator_id = later.indicator_id
            and day_of_change.area_system = later.area_system
            and day_of_change.area_version = later.area_version
            and day_of_change.area_id = later.area_id
            and day_of_change.period_start = later.period_start
            and day_of_change.grain = later.grain
            and day_of_change.group_id = later.group_id
            and day_of_change.as_of >= later.as_of
    asof left join earlier
        on
            day_of_change.indicator_id = earlier.indicator_id
            and day_of_change.area_system = earlier.area_system
            and day_of_change.area_version = earlier.area_version
            and day_of_change.area_id = earlier.area_id
            and day_of_change.period_start = earlier.period_start
            and day_of_change.grain = earlier.grain
            and day_of_change.group_id = earlier.group_id
            and day_of_change.as_of >= earlier.as_of
)

select
    indicator_id,
    area_system,
    area_version,
    area_id,
    period_start,
    grain,
    group_id,
    cast(null as double) as numerator,
    cast(null as double) as denominator,
    cast(case
        when expressed = 'percent' and earlier_value > 0
            then 100 * (later_value - earlier_value) / earlier_value
        when expressed = 'absolute' then later_value - earlier_value
    end as double) as value,
    unit,
    case
        when later_value is null then coalesce(later_status, 'missing')
        when earlier_value is null then coalesce(earlier_status, 'missing')
        when expressed = 'percent' and earlier_value <= 0 then 'missing'
        when 'estimated' in (later_status, earlier_status) then 'estimated'
        when 'provisional' in (later_status, earlier_status) then 'provisional'
        else later_status
    end as status,
    as_of
from side_by_side
