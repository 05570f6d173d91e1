-- Numerators and denominators: the terms of every formula added up, for everybody and group by group.
with term as (
    select
        term.*,
        count(*) over (partition by term.indicator_id, term.role) as term_count,
        count(*) filter (where term.group_id = 'all') over (partition by term.indicator_id, term.role)
            as open_term_count
    from {{ source('declared', 'indicator_term') }} as term
),

matched as not materialized (
    select
        term.indicator_id,
        term.role,
        value.area_system,
        value.area_version,
        value.area_id,
        value.period_start,
        value.grain,
        'all' as group_id,
        term.term_count as wanted,
        value.value,
        value.status,
        value.reason,
        value.reason_en,
        value.as_of,
        value.carried_chance,
        value.carried_spread,
        value.missing_share,
        measure.stock_or_flow
    from term
    inner join {{ ref('measure_value') }} as value
        on term.measure_id = value.measure_id and term.group_id = value.group_id
    inner join {{ source('declared', 'measure') }} as measure
        on term.measure_id = measure.measure_id

    union all

    select
        term.indicator_id,
        term.role,
        value.area_system,
        value.area_version,
        value.area_id,
        value.period_start,
        value.grain,
        value.group_id,
        term.open_term_count as wanted,
        value.value,
        value.status,
        value.reason,
        value.reason_en,
        value.as_of,
        value.carried_chance,
        value.carried_spread,
        value.missing_share,
        measure.stock_or_flow
    from term
    inner join {{ source('declared', 'indicator_dimension') }} as dimension
        on term.indicator_id = dimension.indicator_id
    inner join {{ ref('measure_value') }} as value
        on
            term.measure_id = value.measure_id
            and value.group_id like dimension.dimension || '=%'
            and not contains(value.group_id, '|')
    inner join {{ source('declared', 'measure') }} as measure
        on term.measure_id = measure.measure_id
    where term.group_id = 'all'
)

-- A side with one term is that term, and nothing has to be added up.
select
    * exclude (wanted, carried_chance, carried_spread, stock_or_flow)
    replace (
        {{ exact('value') }} as value,
        case
            when value is null or status in ('estimated', 'provisional') then status
            else 'observed'
        end as status
    ),
    stock_or_flow = 'stock' as is_stock,
    sqrt({{ exact('carried_chance') }} + power({{ exact('carried_spread') }}, 2)) as carried_error
from matched
where wanted = 1

union all by name

select
    indicator_id,
    role,
    area_system,
    area_version,
    area_id,
    period_start,
    grain,
    group_id,
    bool_and(stock_or_flow = 'stock') as is_stock,
    case when count(value) = any_value(wanted) then {{ exact_sum('value') }} end as value,
    case
        when count(value) < any_value(wanted)
            then coalesce(min(status) filter (where value is null), 'missing')
        when bool_or(status = 'estimated') then 'estimated'
        when bool_or(status = 'provisional') then 'provisional'
        else 'observed'
    end as status,
    case
        when count(*) < any_value(wanted)
            then count(*) || ' von ' || any_value(wanted) || ' Bestandteilen geliefert'
        when count(value) < any_value(wanted) then min(reason) filter (where value is null)
        else min(reason)
    end as reason,
    case
        when count(*) < any_value(wanted)
            then count(*) || ' of ' || any_value(wanted) || ' components delivered'
        when count(value) < any_value(wanted) then min(reason_en) filter (where value is null)
        else min(reason_en)
    end as reason_en,
    max(as_of) as as_of,
    max(missing_share) as missing_share,
    -- The same weights are wrong in the same direction in every term.
    sqrt({{ exact_sum('carried_chance') }} + power({{ exact_sum('carried_spread') }}, 2)) as carried_error
from matched
where wanted > 1
group by all
