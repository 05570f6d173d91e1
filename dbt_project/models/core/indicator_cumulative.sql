-- Counts added up from the beginning of the (fiscal) year to the end of each period.
with part as (
    select
        derived.indicator_id,
        figure.* exclude (indicator_id, unit), -- noqa: RF02
        indicator.unit,
        indicator.interval,
        {{ months_of('figure.grain') }} as months,
        {{ year_begin('figure.period_start', 'derived.year_starts') }} as year_start
    from {{ ref('indicator_figure') }} as figure
    inner join {{ source('declared', 'indicator_derived') }} as derived
        on figure.indicator_id = derived.of_indicator_id and derived.kind = 'cumulative'
    inner join {{ source('declared', 'indicator') }} as indicator
        on derived.indicator_id = indicator.indicator_id
    where figure.grain in ('month', 'quarter', 'half_year')
),

step as (
    select
        indicator_id,
        year_start as from_start,
        period_start as to_start,
        grain
    from part
),

broken as (
    {{ broken_steps('step') }}
),

added as (
    select
        part.*,
        broken.break_reason,
        broken.break_reason_en,
        datediff('month', part.year_start, part.period_start) % part.months != 0 as is_astride,
        datediff('month', part.year_start, part.period_start) // part.months + 1 as wanted,
        count(part.value) over so_far as known,
        cast(sum(cast(part.value as decimal(38, 12))) over so_far as double) as total,
        bool_or(part.status = 'suppressed') over so_far as has_suppressed,
        bool_or(part.status = 'not_comparable') over so_far as has_not_comparable,
        bool_or(part.status = 'estimated') over so_far as has_estimated,
        bool_or(part.status = 'provisional') over so_far as has_provisional,
        min(part.reason) filter (where part.value is not null) over so_far as part_reason,
        min(part.reason_en) filter (where part.value is not null) over so_far as part_reason_en,
        max(part.as_of) over so_far as known_on
    from part
    left join broken
        on
            part.indicator_id = broken.indicator_id
            and part.year_start = broken.from_start
            and part.period_start = broken.to_start
            and part.grain = broken.grain
    window so_far as (
        partition by
            part.indicator_id,
            part.area_system,
            part.area_version,
            part.area_id,
            part.grain,
            part.group_id,
            part.year_start
        order by part.period_start
        rows between unbounded preceding and current row
    )
),

judged as (
    select
        *,
        case when known = wanted and not is_astride and break_reason is null then total end as sum_so_far,
        case
            when is_astride then 'missing'
            when known < wanted and has_suppressed then 'suppressed'
            when known < wanted and has_not_comparable then 'not_comparable'
            when known < wanted then 'missing'
            when break_reason is not null then 'not_comparable'
            when has_estimated then 'estimated'
            when has_provisional then 'provisional'
            else 'observed'
        end as sum_status
    from added
)

select
    indicator_id,
    area_system,
    area_version,
    area_id,
    period_start,
    grain,
    group_id,
    sum_so_far as numerator,
    cast(null as double) as denominator,
    sum_so_far as value,
    unit,
    -- How far estimated parts are off together is not known: no limits rather than too narrow ones.
    cast(case
        when sum_so_far is not null and interval = 'byar' and sum_status != 'estimated'
            then {{ byar_low('sum_so_far') }}
    end as double) as low,
    cast(case
        when sum_so_far is not null and interval = 'byar' and sum_status != 'estimated'
            then {{ byar_high('sum_so_far') }}
    end as double) as high,
    sum_status as status,
    case
        when is_astride then 'der Zeitraum beginnt im einen Haushaltsjahr und endet im nächsten'
        when known < wanted
            then
                'für ' || (wanted - known) || ' von ' || wanted
                || ' Zeiträumen seit Beginn des Jahres gibt es keinen Wert'
        when break_reason is not null
            then 'seit Beginn des Jahres änderte sich, was gezählt wird: ' || break_reason
        else part_reason
    end as reason,
    case
        when is_astride then 'the period begins in one fiscal year and ends in the next'
        when known < wanted
            then
                'no value for ' || (wanted - known) || ' of ' || wanted
                || ' periods since the beginning of the year'
        when break_reason is not null
            then 'since the beginning of the year it changed what is counted: ' || break_reason_en
        else part_reason_en
    end as reason_en,
    known_on as as_of
from judged
