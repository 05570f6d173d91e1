-- Three years taken together: in a district of a few thousand people one year is mostly chance.
with yearly as (
    select
        *,
        numerator is not null and denominator is not null and value is not null as is_known
    from {{ declared_indicators() }}
    where grain = 'year' and group_id = 'all'
),

taken_together as (
    select
        area_system,
        area_version,
        area_id,
        period_start,
        grain,
        group_id,
        count(*) filter (where is_known) over three as years,
        sum(numerator) over three as cases,
        sum(denominator) over three as people,
        min(numerator) filter (where numerator > 0) over three as fewest,
        bool_or(status = 'estimated') over three as is_estimated,
        min(reason) over three as why,
        min(reason_en) over three as why_en,
        max(as_of) over three as known_on
    from yearly
    window three as (
        partition by area_system, area_version, area_id, grain, group_id
        order by period_start
        range between interval 2 years preceding and current row
    )
)

select
    'einbruch_rate_drei_jahre' as indicator_id,
    area_system,
    area_version,
    area_id,
    period_start,
    grain,
    group_id,
    cast(case when years = 3 then cases end as double) as numerator,
    cast(case when years = 3 then people end as double) as denominator,
    cast(case when years = 3 then 10000 * cases / people end as double) as value,
    'Fälle je 10.000 Einwohner und Jahr' as unit,
    -- How far carried-over years are off together is not known: no limits rather than too narrow ones.
    cast(case when years = 3 and not is_estimated then 10000 / people * {{ byar_low('cases') }} end as double)
        as low,
    cast(case
        when years = 3 and not is_estimated then 10000 / people * {{ byar_high('cases') }}
    end as double) as high,
    case when years < 3 then 'missing' when is_estimated then 'estimated' else 'observed' end as status,
    case when years < 3 then 'erst ' || years || ' von 3 Jahren sind bekannt' else why end as reason,
    case when years < 3 then 'only ' || years || ' of 3 years are known' else why_en end as reason_en,
    known_on as as_of,
    cast(case when years = 3 then fewest end as double) as smallest_count
from taken_together
