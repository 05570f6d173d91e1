-- Whom a programme or service reaches against the need, with those not reached and those nobody can place.
with uptake as (
    select
        part.* exclude (role), -- noqa: RF02,RF03
        area.level_rank,
        area.is_unassigned,
        {{ period_end('part.period_start', 'part.grain', 'part.is_stock') }} as period_end,
        max(area.level_rank) over (partition by part.area_system, part.area_version) as top_rank
    from {{ ref('reach_part') }} as part
    inner join {{ source('declared', 'area') }} as area
        using (area_system, area_version, area_id)
    where part.role = 'uptake'
),

-- A level on which uptake is counted has a row for each of its areas, also where nobody came.
looked_at as (
    select distinct
        reach_id,
        area_system,
        area_version,
        level_rank,
        top_rank,
        period_start,
        grain,
        period_end
    from uptake
    where not is_unassigned and group_id = 'all'
),

cell as (
    select
        looked_at.*,
        area.area_id,
        'all' as group_id,
        cast(null as varchar) as dimension,
        'area' as part
    from looked_at
    inner join {{ source('declared', 'area') }} as area
        using (area_system, area_version, level_rank)
    where not area.is_unassigned

    union all by name

    select
        * exclude (is_stock, is_unassigned, value, status, reason, reason_en, as_of),
        case when group_id = 'all' then null else split_part(group_id, '=', 1) end as dimension,
        case when group_id = 'all' then 'area_unknown' else 'group' end as part
    from uptake
    where is_unassigned != (group_id != 'all')

    union all by name

    select distinct
        * exclude (group_id, is_stock, is_unassigned, value, status, reason, reason_en, as_of),
        'all' as group_id,
        split_part(group_id, '=', 1) as dimension,
        'group_unknown' as part
    from uptake
    where not is_unassigned and group_id != 'all'
),

-- Those counted without a group are what the groups leave of the whole, as long as all are known.
grouped as (
    select
        reach_id,
        area_system,
        area_version,
        area_id,
        period_start,
        grain,
        split_part(group_id, '=', 1) as dimension,
        case when count(value) = count(*) then {{ exact_sum('value') }} end as placed
    from uptake
    where group_id != 'all'
    group by all
),

homeless as (
    select
        reach_id,
        area_system,
        area_version,
        period_start,
        grain,
        case when count(value) = count(*) then {{ exact_sum('value') }} end as unplaced
    from uptake
    where is_unassigned and group_id = 'all'
    group by all
),

counted as (
    select
        cell.*,
        uptake.status as uptake_status,
        uptake.reason as uptake_reason,
        uptake.reason_en as uptake_reason_en,
        uptake.as_of as uptake_as_of,
        homeless.unplaced,
        case
            when cell.part != 'group_unknown' then uptake.value
            when uptake.value >= grouped.placed then uptake.value - grouped.placed
        end as reached
    from cell
    left join uptake
        using (reach_id, area_system, area_version, area_id, period_start, grain, group_id)
    left join grouped
        on
            cell.part = 'group_unknown'
            and cell.reach_id = grouped.reach_id
            and cell.area_system = grouped.area_system
            and cell.area_version = grouped.area_version
            and cell.area_id = grouped.area_id
            and cell.period_start = grouped.period_start
            and cell.grain = grouped.grain
            and cell.dimension = grouped.dimension
    left join homeless
        on
            cell.reach_id = homeless.reach_id
            and cell.area_system = homeless.area_system
            and cell.area_version = homeless.area_version
            and cell.period_start = homeless.period_start
            and cell.grain = homeless.grain
),

stock as (
    select *
    from {{ ref('reach_part') }}
    where role != 'uptake' and is_stock
    qualify row_number() over (
        partition by reach_id, role, area_system, area_version, area_id, group_id, period_start
        order by grain
    ) = 1
),

asked as (
    select
        counted.reach_id,
        counted.area_system,
        counted.area_version,
        counted.area_id,
        counted.period_start,
        counted.grain,
        counted.period_end,
        counted.group_id,
        side.role
    from counted
    cross join (values ('need'), ('population')) as side (role)
    where counted.part in ('area', 'group')
),

beside as (
    select
        asked.*,
        stock.value,
        stock.status,
        stock.reason,
        stock.reason_en,
        stock.as_of
    from asked
    asof inner join stock
        on
            asked.reach_id = stock.reach_id
            and asked.role = stock.role
            and asked.area_system = stock.area_system
            and asked.area_version = stock.area_version
            and asked.area_id = stock.area_id
            and asked.group_id = stock.group_id
            and asked.period_end >= stock.period_start
    where stock.period_start >= asked.period_end - {{ var('stock_max_age_days') }}

    union all by name

    select
        asked.*,
        flow.value,
        flow.status,
        flow.reason,
        flow.reason_en,
        flow.as_of
    from asked
    inner join {{ ref('reach_part') }} as flow
        using (reach_id, role, area_system, area_version, area_id, period_start, grain, group_id)
    where not flow.is_stock
),

joined as (
    select
        counted.*,
        reach.service_id,
        reach.programme_id,
        reach.target_group_id,
        reach.uptake_measure_id,
        reach.counts,
        reach.only_target_group,
        area.offered,
        need.value as need,
        need.status as need_status,
        need.reason as need_reason,
        need.reason_en as need_reason_en,
        need.as_of as need_as_of,
        population.value as population,
        target.need_measure_id is not null as need_is_declared,
        counted.level_rank = counted.top_rank as is_whole,
        reach.place = 'home' or counted.level_rank = counted.top_rank as is_where_they_live
    from counted
    inner join {{ source('declared', 'reach') }} as reach
        using (reach_id)
    inner join {{ source('declared', 'target_group') }} as target
        using (target_group_id)
    inner join {{ source('declared', 'reach_area') }} as area
        using (reach_id, area_system, area_version, area_id)
    left join beside as need
        on
            counted.reach_id = need.reach_id
            and counted.area_system = need.area_system
            and counted.area_version = need.area_version
            and counted.area_id = need.area_id
            and counted.period_start = need.period_start
            and counted.grain = need.grain
            and counted.group_id = need.group_id
            and counted.part in ('area', 'group')
            and need.role = 'need'
    left join beside as population
        on
            counted.reach_id = population.reach_id
            and counted.area_system = population.area_system
            and counted.area_version = population.area_version
            and counted.area_id = population.area_id
            and counted.period_start = population.period_start
            and counted.grain = population.grain
            and counted.group_id = population.group_id
            and counted.part in ('area', 'group')
            and population.role = 'population'
),

judged as (
    select
        *,
        counts = 'people' and only_target_group as is_of_the_group,
        coalesce(counts = 'people' and only_target_group and reached > need, false) as is_too_many,
        case
            when part not in ('area', 'group') then 'not_comparable'
            when reached is null then coalesce(uptake_status, 'missing')
            when need is null then if(need_is_declared, coalesce(need_status, 'missing'), 'not_collected')
            when need = 0 then 'missing'
            when not is_where_they_live then 'not_comparable'
            when counts = 'people' and only_target_group and reached > need then 'not_comparable'
            when 'estimated' in (uptake_status, need_status) then 'estimated'
            when 'provisional' in (uptake_status, need_status) then 'provisional'
            else 'observed'
        end as status
    from joined
),

valued as (
    select
        *,
        case when status in ('observed', 'provisional', 'estimated') then 100 * reached / need end as value,
        case when is_where_they_live and not is_too_many then reached end as placed_here
    from judged
)

select
    service_id,
    programme_id,
    target_group_id,
    uptake_measure_id,
    area_system,
    area_version,
    area_id,
    period_start,
    grain,
    part,
    dimension,
    group_id,
    offered,
    counts,
    cast(reached as double) as reached,
    cast(need as double) as need,
    cast(population as double) as population,
    cast(case when is_of_the_group then need - placed_here end as double) as not_reached,
    cast(
        case
            when need is not null and placed_here is not null
                then greatest(need - placed_here - if(is_whole, 0, coalesce(unplaced, 0)), 0)
        end
        as double
    ) as not_reached_low,
    cast(
        case when placed_here is not null then if(is_of_the_group, need - placed_here, need) end
        as double
    ) as not_reached_high,
    cast(case when part = 'area' then unplaced end as double) as without_area,
    cast(value as double) as value,
    if(is_of_the_group, 'Prozent', 'Fälle je 100') as unit,
    cast(case
        when status = 'estimated' or value is null then null
        when is_of_the_group then 100 * greatest({{ wilson('reached', 'need', '-') }}, 0)
        else {{ byar_low('reached') }} * 100 / need
    end as double) as low,
    cast(case
        when status = 'estimated' or value is null then null
        when is_of_the_group then 100 * least({{ wilson('reached', 'need', '+') }}, 1)
        else {{ byar_high('reached') }} * 100 / need
    end as double) as high,
    status,
    nullif({{ reach_reason('de') }}, '') as reason,
    nullif({{ reach_reason('en') }}, '') as reason_en,
    greatest(uptake_as_of, need_as_of) as as_of
from valued
