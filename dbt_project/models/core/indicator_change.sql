-- Each value of an indicator beside its own earlier one: the period before or the year before.
with base as (
    select * from {{ ref('indicator_figure') }}
    union all by name
    select * from {{ ref('indicator_cumulative') }}
    union all by name
    select * exclude (smallest_count) from {{ ref('indicator_standardised') }}
    union all by name
    select * exclude (smallest_count) from {{ ref('indicator_binned') }}
),

concerned as (
    select
        derived.indicator_id as change_id,
        derived.against,
        derived.expressed,
        indicator.unit as change_unit,
        indicator.interval,
        base.*,
        {{ period_earlier('base.period_start', 'base.grain', 'derived.against') }} as earlier_start
    from base
    inner join {{ source('declared', 'indicator_derived') }} as derived
        on base.indicator_id = derived.of_indicator_id and derived.kind = 'change'
    inner join {{ source('declared', 'indicator') }} as indicator
        on derived.indicator_id = indicator.indicator_id
),

-- Where an earlier value stands in another area version only, the two must not be compared.
elsewhere as (
    select
        change_id,
        area_system,
        period_start,
        grain,
        group_id,
        list_sort(list(distinct area_version)) as versions
    from concerned
    where value is not null
    group by all
),

step as (
    select
        change_id as indicator_id,
        earlier_start as from_start,
        period_start as to_start,
        grain
    from concerned
),

broken as (
    {{ broken_steps('step') }}
),

beside as (
    select
        later.*,
        broken.break_reason,
        broken.break_reason_en,
        earlier.change_id is not null as has_earlier,
        earlier.value as earlier_value,
        earlier.numerator as earlier_numerator,
        earlier.denominator as earlier_denominator,
        earlier.low as earlier_low,
        earlier.high as earlier_high,
        earlier.status as earlier_status,
        earlier.reason as earlier_reason,
        earlier.reason_en as earlier_reason_en,
        greatest(later.as_of, coalesce(earlier.as_of, later.as_of)) as known_on,
        case
            when not list_contains(elsewhere.versions, later.area_version) then elsewhere.versions[-1]
        end as other_version
    from concerned as later
    left join concerned as earlier
        on
            later.change_id = earlier.change_id
            and later.area_system = earlier.area_system
            and later.area_version = earlier.area_version
            and later.area_id = earlier.area_id
            and later.grain = earlier.grain
            and later.group_id = earlier.group_id
            and later.earlier_start = earlier.period_start
    left join elsewhere
        on
            later.change_id = elsewhere.change_id
            and later.area_system = elsewhere.area_system
            and later.grain = elsewhere.grain
            and later.group_id = elsewhere.group_id
            and later.earlier_start = elsewhere.period_start
    left join broken
        on
            later.change_id = broken.indicator_id
            and later.earlier_start = broken.from_start
            and later.period_start = broken.to_start
            and later.grain = broken.grain
),

judged as (
    select
        *,
        expressed = 'percent' and earlier_value <= 0 as has_no_base,
        case
            when 'not_comparable' in (status, coalesce(earlier_status, status)) then 'not_comparable'
            when value is null then status
            when not has_earlier and other_version is not null then 'not_comparable'
            when has_earlier and break_reason is not null then 'not_comparable'
            when not has_earlier then 'missing'
            when earlier_value is null then earlier_status
            when expressed = 'percent' and earlier_value <= 0 then 'missing'
            when 'estimated' in (status, earlier_status) then 'estimated'
            when 'provisional' in (status, earlier_status) then 'provisional'
            else status
        end as final_status
    from beside
),

valued as (
    select
        *,
        case
            when final_status not in ('observed', 'provisional', 'estimated') then null
            when expressed = 'percent' then 100 * (value - earlier_value) / earlier_value
            else value - earlier_value
        end as final_value,
        coalesce(earlier_denominator / denominator, 1) as of_equal_base,
        numerator + earlier_numerator as all_events
    from judged
)

select
    change_id as indicator_id,
    area_system,
    area_version,
    area_id,
    period_start,
    grain,
    group_id,
    cast(null as double) as numerator,
    cast(null as double) as denominator,
    cast(final_value as double) as value,
    change_unit as unit,
    cast(case
        when final_value is null then null
        when interval = 'mover'
            then final_value - sqrt(power(value - low, 2) + power(earlier_high - earlier_value, 2))
        when interval = 'conditional' and final_status != 'estimated'
            then
                100 * of_equal_base * {{ wilson('numerator', 'all_events', '-') }}
                / (1 - {{ wilson('numerator', 'all_events', '-') }}) - 100
    end as double) as low,
    cast(case
        when final_value is null then null
        when interval = 'mover'
            then final_value + sqrt(power(high - value, 2) + power(earlier_value - earlier_low, 2))
        when interval = 'conditional' and final_status != 'estimated'
            then
                100 * of_equal_base * {{ wilson('numerator', 'all_events', '+') }}
                / (1 - {{ wilson('numerator', 'all_events', '+') }}) - 100
    end as double) as high,
    final_status as status,
    case
        when value is null then coalesce(reason, 'Wert fehlt')
        when not has_earlier and other_version is not null
            then 'der Vergleichswert gilt für einen anderen Gebietsstand (' || other_version || ')'
        when not has_earlier then 'für den Vergleichszeitraum gibt es keinen Wert'
        when break_reason is not null then 'dazwischen änderte sich, was gezählt wird: ' || break_reason
        when earlier_value is null then 'Vergleichswert fehlt' || coalesce(': ' || earlier_reason, '')
        when final_status = 'not_comparable' then coalesce(reason, earlier_reason, 'nicht vergleichbar')
        when has_no_base and earlier_value = 0
            then 'der Vergleichswert ist 0; davon gibt es keine Veränderung in Prozent'
        when has_no_base
            then 'der Vergleichswert ist negativ; davon gibt es keine Veränderung in Prozent'
        when coalesce(reason, '') = coalesce(earlier_reason, '') then reason
        else concat_ws('; ', reason, 'Vergleichswert: ' || earlier_reason)
    end as reason,
    case
        when value is null then coalesce(reason_en, 'no value')
        when not has_earlier and other_version is not null
            then 'the value compared with is of another area version (' || other_version || ')'
        when not has_earlier then 'there is no value for the period compared with'
        when break_reason is not null then 'in between it changed what is counted: ' || break_reason_en
        when earlier_value is null
            then 'value compared with is missing' || coalesce(': ' || earlier_reason_en, '')
        when final_status = 'not_comparable' then coalesce(reason_en, earlier_reason_en, 'not comparable')
        when has_no_base and earlier_value = 0
            then 'the value compared with is 0; there is no change in percent of it'
        when has_no_base
            then 'the value compared with is negative; there is no change in percent of it'
        when coalesce(reason_en, '') = coalesce(earlier_reason_en, '') then reason_en
        else concat_ws('; ', reason_en, 'value compared with: ' || earlier_reason_en)
    end as reason_en,
    known_on as as_of
from valued
