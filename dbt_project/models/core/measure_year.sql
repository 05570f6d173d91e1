-- Each measure by year where it came in shorter periods: flows over whole years only, stocks of December.
with finer as (
    select
        value.*,
        measure.stock_or_flow,
        measure.additive_over_time,
        {{ parts_in_year('value.period_start', 'value.grain') }} as parts_in_year
    from {{ ref('measure_area') }} as value
    inner join {{ source('declared', 'measure') }} as measure
        using (measure_id)
    anti join {{ ref('measure_area') }} as yearly
        on
            value.measure_id = yearly.measure_id
            and value.area_system = yearly.area_system
            and value.area_version = yearly.area_version
            and value.area_id = yearly.area_id
            and year(value.period_start) = year(yearly.period_start)
            and value.group_id = yearly.group_id
            and yearly.grain = 'year'
    where value.grain in ('day', 'month', 'quarter', 'half_year')
),

yearly_flow as (
    select
        measure_id,
        area_system,
        area_version,
        area_id,
        cast(date_trunc('year', period_start) as date) as period_start,
        cast('year' as grain) as grain,
        group_id,
        {{ exact_sum('value') }} as total,
        any_value(unit) as unit,
        any_value(parts_in_year) as parts_in_year,
        max(missing_share) as missing_share,
        count(value) filter (where status != 'provisional') as known_parts,
        bool_or(status = 'estimated') as has_estimated,
        min(reason) filter (where status = 'estimated') as part_reason,
        min(reason_en) filter (where status = 'estimated') as part_reason_en,
        max(as_of) as as_of,
        min(origin) as origin,
        {{ exact_sum('carried_chance') }} as carried_chance,
        -- The same weights are wrong in the same direction in every part of the year.
        {{ exact_sum('carried_spread') }} as carried_spread
    from finer
    where additive_over_time
    group by all
)

select
    * exclude (total, parts_in_year, known_parts, has_estimated, part_reason, part_reason_en),
    case when known_parts = parts_in_year then total end as value,
    cast(case
        when known_parts < parts_in_year then 'missing'
        when has_estimated then 'estimated'
        else 'observed'
    end as status) as status,
    case
        when known_parts < parts_in_year
            then 'erst ' || known_parts || ' von ' || parts_in_year || ' Teilen des Jahres sind vollständig'
        else part_reason
    end as reason,
    case
        when known_parts < parts_in_year
            then 'only ' || known_parts || ' of ' || parts_in_year || ' parts of the year are complete'
        else part_reason_en
    end as reason_en
from yearly_flow

union all by name

select
    * exclude (stock_or_flow, additive_over_time, parts_in_year)
    replace (cast('year' as grain) as grain)
from finer
where stock_or_flow = 'stock' and month(period_start) = 12 and grain != 'day'
