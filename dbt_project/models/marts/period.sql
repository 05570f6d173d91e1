with seen as (
    select distinct
        period_start,
        grain
    from {{ ref('indicator_value') }}
),

dated as (
    select
        period_start,
        grain,
        case
            when grain = 'year' and period_start = last_day(period_start) then period_start
            else {{ period_end('period_start', 'grain', 'false') }}
        end as period_end,
        [
            'Januar', 'Februar', 'März', 'April', 'Mai', 'Juni', 'Juli', 'August', 'September',
            'Oktober', 'November', 'Dezember'
        ][month(period_start)] as month_de
    from seen
)

select
    period_start,
    grain,
    period_end,
    case
        when period_start = period_end then strftime(period_start, '%d.%m.%Y')
        when grain = 'month' then month_de || ' ' || year(period_start)
        when grain = 'quarter' then quarter(period_start) || '. Quartal ' || year(period_start)
        when grain = 'half_year'
            then
                case when month(period_start) < 7 then '1' else '2' end
                || '. Halbjahr ' || year(period_start)
        else cast(year(period_start) as varchar)
    end as label_de,
    case
        when period_start = period_end then strftime(period_start, '%-d %B %Y')
        when grain = 'month' then strftime(period_start, '%B %Y')
        when grain = 'quarter' then 'Q' || quarter(period_start) || ' ' || year(period_start)
        when grain = 'half_year'
            then 'H' || case when month(period_start) < 7 then '1' else '2' end || ' ' || year(period_start)
        else cast(year(period_start) as varchar)
    end as label_en
from dated
