-- The states of each measure at the grain it came in and by year, summed as in core.measure_value.
with finer as (
    select
        state.*,
        cast(date_trunc('year', state.period_start) as date) as year_start,
        measure.stock_or_flow,
        measure.additive_over_time,
        {{ parts_in_year('state.period_start', 'state.grain') }} as wanted
    from {{ ref('measure_state') }} as state
    inner join {{ source('declared', 'measure') }} as measure
        using (measure_id)
    anti join {{ ref('measure_area') }} as yearly
        on
            state.measure_id = yearly.measure_id
            and state.area_system = yearly.area_system
            and state.area_version = yearly.area_version
            and state.area_id = yearly.area_id
            and year(state.period_start) = year(yearly.period_start)
            and state.group_id = yearly.group_id
            and yearly.grain = 'year'
    where state.grain in ('day', 'month', 'quarter', 'half_year')
),

flow as (
    select * from finer
    where additive_over_time
),

yearly_flow as (
    {{ sum_states(
        'flow',
        part=['measure_id', 'area_system', 'area_version', 'area_id', 'period_start', 'grain', 'group_id'],
        whole=['measure_id', 'area_system', 'area_version', 'area_id', 'year_start', 'group_id'],
        known="value is not null and status != 'provisional'"
    ) }}
)

select * from {{ ref('measure_state') }}

union all by name

select
    * exclude (year_start),
    year_start as period_start,
    cast('year' as grain) as grain
from yearly_flow

union all by name

select
    * exclude (year_start, stock_or_flow, additive_over_time, wanted)
    replace (cast('year' as grain) as grain)
from finer
where stock_or_flow = 'stock' and month(period_start) = 12 and grain != 'day'
