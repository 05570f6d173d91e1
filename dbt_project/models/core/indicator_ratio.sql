-- Each numerator beside its denominator: of the same period for flows, of the latest date for stocks.
with numerator as (
    select
        part.* exclude (role), -- noqa: RF03
        {{ period_end('part.period_start', 'part.grain', 'part.is_stock') }} as period_end
    from {{ ref('indicator_part') }} as part
    where part.role = 'numerator'
),

stock as (
    select part.*
    from {{ ref('indicator_part') }} as part
    where part.role = 'denominator' and part.is_stock
    qualify row_number() over (
        partition by
            part.indicator_id,
            part.area_system,
            part.area_version,
            part.area_id,
            part.group_id,
            part.period_start
        order by part.grain
    ) = 1
),

has_stock as (
    select distinct indicator_id from stock
),

over_stock as (
    select numerator.*
    from numerator
    semi join has_stock
        using (indicator_id)
),

over_flow as (
    select numerator.*
    from numerator
    anti join has_stock
        using (indicator_id)
),

by_stock as (
    select
        numerator.*,
        stock.value as denominator,
        stock.status as denominator_status,
        stock.reason as denominator_reason,
        stock.reason_en as denominator_reason_en,
        stock.as_of as denominator_as_of,
        stock.carried_error as denominator_carried_error,
        stock.missing_share as denominator_missing_share,
        stock.period_start as denominator_date
    from over_stock as numerator
    asof left join stock
        on
            numerator.indicator_id = stock.indicator_id
            and numerator.area_system = stock.area_system
            and numerator.area_version = stock.area_version
            and numerator.area_id = stock.area_id
            and numerator.group_id = stock.group_id
            and numerator.period_end >= stock.period_start
),

by_flow as (
    select
        numerator.*,
        flow.value as denominator,
        flow.status as denominator_status,
        flow.reason as denominator_reason,
        flow.reason_en as denominator_reason_en,
        flow.as_of as denominator_as_of,
        flow.carried_error as denominator_carried_error,
        flow.missing_share as denominator_missing_share,
        flow.period_start as denominator_date
    from over_flow as numerator
    left join {{ ref('indicator_part') }} as flow
        on
            numerator.indicator_id = flow.indicator_id
            and numerator.area_system = flow.area_system
            and numerator.area_version = flow.area_version
            and numerator.area_id = flow.area_id
            and numerator.group_id = flow.group_id
            and numerator.period_start = flow.period_start
            and numerator.grain = flow.grain
            and flow.role = 'denominator'
            and not flow.is_stock
),

both_sides as (
    select * from by_stock
    union all by name
    select * from by_flow
),

-- Cases without an area are counted, but nobody lives there: no share of nothing.
without_denominator as (
    select
        numerator.indicator_id,
        area.area_system,
        area.area_version,
        area.area_id
    from (
        select distinct indicator_id
        from {{ source('declared', 'indicator_term') }}
        where role = 'denominator'
    ) as numerator
    cross join {{ source('declared', 'area') }} as area
    anti join {{ ref('indicator_part') }} as known
        on
            known.role = 'denominator'
            and numerator.indicator_id = known.indicator_id
            and area.area_system = known.area_system
            and area.area_version = known.area_version
            and area.area_id = known.area_id
    where area.is_unassigned
)

select both_sides.*
from both_sides
anti join without_denominator
    using (indicator_id, area_system, area_version, area_id)
