-- The states of every value that was revised: what it was, since when, and by how much it changed.
with valued as (
    select * from {{ ref('indicator_state') }}

    union all by name

    select * from {{ ref('indicator_cumulative_state') }}

    union all by name

    select * from {{ ref('indicator_change_state') }}
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
