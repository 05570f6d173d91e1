-- The states of every value that was revised: what it was, since when, and by how much it changed.
-- Each state has the formula, the denominator's date and the area version of today's value; values
-- carried over to another area version are revised where they were delivered and not listed again.
with ratio as (
    select
        ratio.* exclude (as_of), -- noqa: RF02
        indicator.kind,
        indicator.unit,
        indicator.per,
        indicator.kind in ('share', 'rate', 'ratio') as has_denominator
    from {{ ref('indicator_ratio') }} as ratio
    inner join {{ source('declared', 'indicator') }} as indicator
        using (indicator_id)
    where indicator.kind not in ('share', 'rate', 'ratio') or not {{ sides_differ('ratio') }}
),

numerator as (
    select
        ratio.indicator_id,
        ratio.area_system,
        ratio.area_version,
        ratio.area_id,
        ratio.period_start,
        ratio.grain,
        ratio.group_id,
        part.as_of,
        part.value as numerator,
        part.status as numerator_status
    from ratio
    inner join {{ ref('indicator_part_state') }} as part
        using (indicator_id, area_system, area_version, area_id, period_start, grain, group_id)
    where part.role = 'numerator'
),

denominator as (
    select
        ratio.indicator_id,
        ratio.area_system,
        ratio.area_version,
        ratio.area_id,
        ratio.period_start,
        ratio.grain,
        ratio.group_id,
        part.as_of,
        part.value as denominator,
        part.status as denominator_status
    from ratio
    inner join {{ ref('indicator_part_state') }} as part
        on
            ratio.indicator_id = part.indicator_id
            and ratio.area_system = part.area_system
            and ratio.area_version = part.area_version
            and ratio.area_id = part.area_id
            and ratio.denominator_date = part.period_start
            and ratio.group_id = part.group_id
    where
        part.role = 'denominator'
        and ratio.denominator_date >= ratio.period_end - {{ var('stock_max_age_days') }}
    -- A stock that is known by month and by year is the same number twice.
    qualify rank() over (
        partition by
            ratio.indicator_id,
            ratio.area_system,
            ratio.area_version,
            ratio.area_id,
            ratio.period_start,
            ratio.grain,
            ratio.group_id
        order by part.grain = ratio.grain desc, part.grain
    ) = 1
),

changed as (
    select * exclude (as_of, numerator, numerator_status) from numerator
    group by all
    having count(*) > 1
    union
    select * exclude (as_of, denominator, denominator_status) from denominator
    group by all
    having count(*) > 1
),

day_of_change as (
    select * exclude (numerator, numerator_status) from numerator
    union
    select * exclude (denominator, denominator_status) from denominator
),

side_by_side as (
    select
        day_of_change.*,
        ratio.kind,
        ratio.unit,
        ratio.per,
        ratio.has_denominator,
        numerator.numerator,
        numerator.numerator_status,
        case when ratio.has_denominator then denominator.denominator end as denominator,
        denominator.denominator_status
    from day_of_change
    inner join changed
        using (indicator_id, area_system, area_version, area_id, period_start, grain, group_id)
    inner join ratio
        using (indicator_id, area_system, area_version, area_id, period_start, grain, group_id)
    asof left join numerator
        using (indicator_id, area_system, area_version, area_id, period_start, grain, group_id, as_of)
    asof left join denominator
        using (indicator_id, area_system, area_version, area_id, period_start, grain, group_id, as_of)
),

valued as (
    select
        *,
        case kind
            when 'share' then 100 * numerator / nullif(denominator, 0)
            when 'rate' then per * numerator / nullif(denominator, 0)
            when 'ratio' then numerator / nullif(denominator, 0)
            else numerator
        end as value,
        case
            when numerator is null then coalesce(numerator_status, 'missing')
            when has_denominator and nullif(denominator, 0) is null then 'missing'
            when 'estimated' in (numerator_status, denominator_status) then 'estimated'
            when 'provisional' in (numerator_status, denominator_status) then 'provisional'
            else numerator_status
        end as status
    from side_by_side
),

begun as (
    select
        *,
        count(value) over cell as values_so_far,
        lag(value) over cell as value_before
    from valued
    window cell as (
        partition by indicator_id, area_system, area_version, area_id, period_start, grain, group_id
        order by as_of
    )
),

numbered as (
    select
        *,
        count(*) filter (where value is distinct from value_before) over cell - 1 as revision
    from begun
    where values_so_far > 0
    window cell as (
        partition by indicator_id, area_system, area_version, area_id, period_start, grain, group_id
        order by as_of
    )
),

-- A state begins with its value; its status is the one it came to, such as observed after provisional.
settled as (
    select
        *,
        min(as_of) over (
            partition by
                indicator_id, area_system, area_version, area_id, period_start, grain, group_id, revision
        ) as since
    from numbered
    qualify row_number() over (
        partition by
            indicator_id, area_system, area_version, area_id, period_start, grain, group_id, revision
        order by as_of desc
    ) = 1
),

compared as (
    select
        * exclude (value_before),
        count(*) over whole - 1 as revisions,
        first_value(value) over cell as value_at_first,
        first_value(since) over cell as first_as_of,
        lag(value) over cell as value_before,
        value - lag(value) over cell as change
    from settled
    window
        cell as (
            partition by indicator_id, area_system, area_version, area_id, period_start, grain, group_id
            order by revision
        ),
        whole as (
            partition by indicator_id, area_system, area_version, area_id, period_start, grain, group_id
        )
)

select
    indicator_id,
    area_system,
    area_version,
    area_id,
    period_start,
    grain,
    group_id,
    revision,
    revisions,
    revision = revisions as is_latest,
    cast(numerator as double) as numerator,
    cast(denominator as double) as denominator,
    cast(value as double) as value,
    unit,
    status,
    case when status = 'suppressed' then 'zu diesem Stand geschützt' end as reason,
    case when status = 'suppressed' then 'suppressed in this state' end as reason_en,
    since as as_of,
    cast(change as double) as change,
    cast(100 * change / abs(nullif(value_before, 0)) as double) as change_percent,
    cast(value_at_first as double) as first_value,
    first_as_of,
    cast(value - value_at_first as double) as total_change,
    cast(100 * (value - value_at_first) / abs(nullif(value_at_first, 0)) as double) as total_change_percent
from compared
where revisions > 0
