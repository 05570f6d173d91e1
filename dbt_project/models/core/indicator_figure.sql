-- What a formula of measures makes: counts, shares, rates, ratios and reported values.
with computed as (
    select
        ratio.* rename (value as numerator), -- noqa: RF02
        indicator.kind,
        indicator.unit,
        indicator.per,
        indicator.interval,
        indicator.kind in ('share', 'rate', 'ratio') as has_denominator,
        (
            ratio.denominator is null
            or ratio.denominator_date < ratio.period_end - {{ var('stock_max_age_days') }}
        ) as denominator_unusable,
        {{ sides_differ('ratio') }} as sides_differ
    from {{ ref('indicator_ratio') }} as ratio
    inner join {{ source('declared', 'indicator') }} as indicator
        using (indicator_id)
),

judged as (
    select
        * exclude (denominator),
        case when has_denominator and not denominator_unusable then denominator end as denominator,
        case
            when numerator is null then status
            when has_denominator and (denominator_unusable or denominator = 0) then 'missing'
            when has_denominator and sides_differ then 'not_comparable'
            when 'estimated' in (status, coalesce(denominator_status, status)) and has_denominator
                then 'estimated'
            when 'provisional' in (status, coalesce(denominator_status, status)) and has_denominator
                then 'provisional'
            else status
        end as final_status,
        case
            when numerator is null then reason
            when has_denominator and denominator_unusable
                then coalesce(
                    'Bezugsgröße fehlt: ' || denominator_reason,
                    case
                        when denominator_date is not null
                            then
                                'Bezugsgröße ist älter als ein Jahr ('
                                || strftime(denominator_date, '%d.%m.%Y') || ')'
                        else 'Bezugsgröße fehlt'
                    end
                )
            when has_denominator and denominator = 0 then 'Bezugsgröße ist 0'
            when has_denominator and sides_differ
                then 'Zähler und Bezugsgröße gelten für verschiedene Gebiete: ' || {{ fewer_areas('reason') }}
            else coalesce(reason, case when has_denominator then denominator_reason end)
        end as final_reason,
        case
            when numerator is null then reason_en
            when has_denominator and denominator_unusable
                then coalesce(
                    'denominator missing: ' || denominator_reason_en,
                    case
                        when denominator_date is not null
                            then 'denominator is more than a year old (' || denominator_date || ')'
                        else 'denominator missing'
                    end
                )
            when has_denominator and denominator = 0 then 'denominator is 0'
            when has_denominator and sides_differ
                then 'numerator and denominator are of different areas: ' || {{ fewer_areas('reason_en') }}
            else coalesce(reason_en, case when has_denominator then denominator_reason_en end)
        end as final_reason_en
    from computed
),

valued as (
    select
        *,
        case
            when final_status in ('missing', 'suppressed', 'not_collected', 'not_comparable') then null
            when kind = 'share' then 100 * numerator / denominator
            when kind = 'rate' then per * numerator / denominator
            when kind = 'ratio' then numerator / denominator
            else numerator
        end as final_value,
        case when kind = 'rate' then per / denominator else 1 end as scale,
        case when final_status = 'estimated' and numerator > 0 then carried_error / numerator end
            as numerator_off,
        case
            when final_status = 'estimated' and denominator > 0
                then denominator_carried_error / denominator
        end as denominator_off
    from judged
),

-- Chance and the error of carrying over come from different causes: their squares add up.
limited as (
    select
        *,
        case when interval = 'byar' then scale * {{ byar_low('numerator') }} end as chance_low,
        case when interval = 'byar' then scale * {{ byar_high('numerator') }} end as chance_high,
        1.959963984540054 * final_value * sqrt(
            power(coalesce(numerator_off, 0), 2) + power(coalesce(denominator_off, 0), 2)
        ) as carried_off
    from valued
)

select
    indicator_id,
    area_system,
    area_version,
    area_id,
    period_start,
    grain,
    group_id,
    cast(numerator as double) as numerator,
    cast(denominator as double) as denominator,
    cast(final_value as double) as value,
    unit,
    cast(case
        when final_value is null then null
        when interval = 'byar' and carried_off > 0
            then greatest(final_value - sqrt(power(final_value - chance_low, 2) + power(carried_off, 2)), 0)
        when interval = 'byar' then chance_low
        when interval = 'wilson' and numerator <= denominator
            then 100 * greatest({{ wilson('numerator', 'denominator', '-') }}, 0)
    end as double) as low,
    cast(case
        when final_value is null then null
        when interval = 'byar' and carried_off > 0
            then final_value + sqrt(power(chance_high - final_value, 2) + power(carried_off, 2))
        when interval = 'byar' then chance_high
        when interval = 'wilson' and numerator <= denominator
            then 100 * least({{ wilson('numerator', 'denominator', '+') }}, 1)
    end as double) as high,
    final_status as status,
    final_reason
    || {{ carried_words('numerator_off', 'denominator_off', 'has_denominator', 'de') }} as reason,
    final_reason_en
    || {{ carried_words('numerator_off', 'denominator_off', 'has_denominator', 'en') }} as reason_en,
    greatest(as_of, coalesce(denominator_as_of, as_of)) as as_of
from limited
