-- Uptake, need and population behind each reach: the terms added up in today's borders, for all and by group.
with term as (
    select
        *,
        count(*) over (partition by reach_id, role) as term_count
    from {{ source('declared', 'reach_term') }}
),

wanted as (
    select
        term.*,
        'all' as asked_group
    from term

    union all

    select
        term.* replace (1 as term_count),
        dimension.dimension as asked_group
    from term
    inner join {{ source('declared', 'reach_dimension') }} as dimension
        using (reach_id)
),

matched as (
    select
        wanted.reach_id,
        wanted.role,
        wanted.term_count,
        value.area_system,
        value.area_version,
        value.area_id,
        value.period_start,
        value.grain,
        case when wanted.asked_group = 'all' then 'all' else value.group_id end as group_id,
        value.value,
        value.status,
        value.reason,
        value.reason_en,
        value.as_of,
        measure.stock_or_flow
    from wanted
    inner join {{ ref('measure_value') }} as value
        on
            wanted.measure_id = value.measure_id
    inner join {{ source('declared', 'measure') }} as measure
        on wanted.measure_id = measure.measure_id
    semi join {{ source('declared', 'reach_area') }} as area
        on
            wanted.reach_id = area.reach_id
            and value.area_system = area.area_system
            and value.area_version = area.area_version
            and value.area_id = area.area_id
    where case
        when wanted.asked_group = 'all' then wanted.group_id = value.group_id
        when contains(value.group_id, '|') then false
        else
            starts_with(value.group_id, wanted.asked_group || '=')
            and wanted.group_id in ('all', value.group_id)
    end
)

select
    reach_id,
    role,
    area_system,
    area_version,
    area_id,
    period_start,
    grain,
    group_id,
    bool_and(stock_or_flow = 'stock') as is_stock,
    case when count(value) = any_value(term_count) then {{ exact_sum('value') }} end as value,
    case
        when count(value) < any_value(term_count)
            then coalesce(min(status) filter (where value is null), 'missing')
        when bool_or(status = 'estimated') then 'estimated'
        when bool_or(status = 'provisional') then 'provisional'
        else 'observed'
    end as status,
    case
        when count(value) < any_value(term_count) then min(reason) filter (where value is null)
        else min(reason)
    end as reason,
    case
        when count(value) < any_value(term_count) then min(reason_en) filter (where value is null)
        else min(reason_en)
    end as reason_en,
    max(as_of) as as_of
from matched
group by all
