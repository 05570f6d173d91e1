-- Each measure for every area of its own version, as it stood on every day on which it changed.
-- Where a delivery changed what an earlier one said, all areas are summed anew for each such day, as
-- in core.measure_summed. A roll-up keeps groups apart: the day rides along as part of the group.
with slice as (
    select
        measure_id,
        area_system,
        area_version,
        period_start,
        grain,
        group_id,
        min(as_of) as first_day,
        list_sort(list_distinct(list(as_of))) as days
    from {{ ref('measure_history') }}
    group by all
),

-- A revised period concerns its whole year, and a denominator up to a year before or after.
concerned as (
    select distinct
        other.measure_id,
        year(slice.period_start) + near.years as year_of
    from slice
    cross join (values (-1), (0), (1)) as near (years)
    inner join {{ source('declared', 'indicator_term') }} as term
        on slice.measure_id = term.measure_id
    inner join {{ source('declared', 'indicator_term') }} as other
        on term.indicator_id = other.indicator_id
    where len(slice.days) > 1
),

cell as (
    select distinct
        history.measure_id,
        history.area_system,
        history.area_version,
        history.area_id,
        history.period_start,
        history.grain,
        history.group_id,
        unnest(slice.days) as known_on
    from {{ ref('measure_history') }} as history
    inner join slice
        using (measure_id, area_system, area_version, period_start, grain, group_id)
    semi join {{ ref('stg_asked') }} as asked
        on history.measure_id = asked.measure_id and history.group_id = asked.group_id
    where len(slice.days) > 1 and history.measure_id in (select known.measure_id from concerned as known)
),

stood as (
    select
        cell.* replace (cell.group_id || '@' || cell.known_on as group_id),
        history.value,
        history.unit,
        history.status,
        history.reason,
        history.reason_en,
        history.as_of,
        'delivered' as origin
    from cell
    asof inner join {{ ref('measure_history') }} as history
        on
            cell.measure_id = history.measure_id
            and cell.area_system = history.area_system
            and cell.area_version = history.area_version
            and cell.area_id = history.area_id
            and cell.period_start = history.period_start
            and cell.grain = history.grain
            and cell.group_id = history.group_id
            and cell.known_on >= history.as_of
),

changing as (
    select
        * exclude (known_on)
        replace (
            regexp_extract(group_id, '^(.*)@', 1) as group_id,
            cast(right(group_id, 10) as date) as as_of
        )
    from (
        select * from stood
        union all by name
        select * from (
            {{ roll_up('stood') }}
        )
    )
),

every_day as (
    select * from changing

    union all by name

    select native.* replace (coalesce(slice.first_day, native.as_of) as as_of)
    from {{ ref('measure_native') }} as native
    semi join concerned
        on native.measure_id = concerned.measure_id and year(native.period_start) = concerned.year_of
    left join slice
        using (measure_id, area_system, area_version, period_start, grain, group_id)
    where coalesce(len(slice.days), 1) = 1
),

compared as (
    select
        *,
        lag(value) over cell as value_before,
        lag(status) over cell as status_before
    from every_day
    window cell as (
        partition by measure_id, area_system, area_version, area_id, period_start, grain, group_id
        order by as_of
    )
)

select
    measure_id,
    area_system,
    area_version,
    area_id,
    period_start,
    grain,
    group_id,
    value,
    status,
    as_of
from compared
where status_before is null or value is distinct from value_before or status != status_before
