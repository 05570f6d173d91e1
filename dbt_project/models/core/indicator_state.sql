-- The states of every value computed from measures that were revised somewhere; is_revised: also here.
-- Each state has the formula, the denominator's date and the area version of today's value; values
-- carried over to another area version are revised where they were delivered and not listed again.
with stirred as (
    select distinct
        indicator_id,
        year(period_start) as year_of
    from {{ ref('indicator_part_state') }}
),

ratio as (
    select
        ratio.* exclude (as_of), -- noqa: RF02
        indicator.kind,
        indicator.unit,
        indicator.per,
        indicator.kind in ('share', 'rate', 'ratio') as has_denominator
    from {{ ref('indicator_ratio') }} as ratio
    inner join {{ source('declared', 'indicator') }} as indicator
        using (indicator_id)
    left join stirred as own
        on ratio.indicator_id = own.indicator_id and year(ratio.period_start) = own.year_of
    left join stirred as base
        on ratio.indicator_id = base.indicator_id and year(ratio.denominator_date) = base.year_of
    where
        (indicator.kind not in ('share', 'rate', 'ratio') or not {{ sides_differ('ratio') }})
        and coalesce(own.year_of, base.year_of) is not null
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
    select
        * exclude (as_of, numerator, numerator_status), -- noqa: RF02
        true as is_revised
    from numerator
    group by all
    having count(*) > 1
    union
    select
        * exclude (as_of, denominator, denominator_status), -- noqa: RF02
        true as is_revised
    from denominator
    group by all
    having count(*) > 1
),

day_of_change as (
    select * exclude (numerator, numerator_status) from numerator
    union
    select * exclude (denominator, denominator_status) from denominator
),

-- What was never revised is only asked for where sums and changes are made of it.
asked as (
    select
        day_of_change.*,
        coalesce(changed.is_revised, false) as is_revised
    from day_of_change
    left join changed
        using (indicator_id, area_system, area_version, area_id, period_start, grain, group_id)
    where
        changed.is_revised
        or day_of_change.indicator_id in (
            select derived.of_indicator_id from {{ source('declared', 'indicator_derived') }} as derived
        )
),

side_by_side as (
    select
        asked.*,
        ratio.kind,
        ratio.unit,
        ratio.per,
        ratio.has_denominator,
        numerator.numerator,
        numerator.numerator_status,
        case when ratio.has_denominator then denominator.denominator end as denominator,
        denominator.denominator_status
    from asked
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
)

select
    indicator_id,
    area_system,
    area_version,
    area_id,
    period_start,
    grain,
    group_id,
    numerator,
    denominator,
    value,
    unit,
    status,
    is_revised,
    as_of
from valued
