-- Rates as they would be with the age structure of a standard population, with limits by Dobson and others.
with cell as (
    select
        band.indicator_id,
        band.area_system,
        band.area_version,
        band.area_id,
        band.period_start,
        band.grain,
        any_value(indicator.unit) as unit,
        any_value(indicator.interval) as interval,
        any_value(indicator.per) as per,
        count(*) as bands,
        list(band.name_de order by band.group_id) filter (where band.cases is null) as without_cases,
        list(band.name_en order by band.group_id) filter (where band.cases is null) as without_cases_en,
        list(band.name_de order by band.group_id) filter (where coalesce(band.residents, 0) <= 0)
            as without_residents,
        list(band.name_en order by band.group_id) filter (where coalesce(band.residents, 0) <= 0)
            as without_residents_en,
        min(band.cases_status) filter (where band.cases is null) as absent_status,
        bool_or('estimated' in (band.cases_status, band.residents_status)) as has_estimated,
        bool_or('provisional' in (band.cases_status, band.residents_status)) as has_provisional,
        coalesce(min(band.cases_reason), min(band.residents_reason)) as part_reason,
        coalesce(min(band.cases_reason_en), min(band.residents_reason_en)) as part_reason_en,
        {{ exact_sum('band.cases') }} as cases,
        {{ exact_sum('band.residents') }} as residents,
        min(band.cases) filter (where band.cases > 0) as smallest_count,
        -- Added in the order of the bands: the same last digit every time, however small the weights.
        list_sum(list(band.weight order by band.group_id)) as weights,
        list_sum(list(
            band.weight * band.cases / nullif(band.residents, 0)
            order by band.group_id
        )) as weighted,
        list_sum(list(
            power(band.weight / nullif(band.residents, 0), 2) * band.cases
            order by band.group_id
        )) as variance,
        max(band.as_of) as as_of
    from {{ ref('indicator_band_value') }} as band
    inner join {{ source('declared', 'indicator') }} as indicator
        using (indicator_id)
    where indicator.kind = 'standardised'
    group by all
),

judged as (
    select
        *,
        case
            when len(without_cases) > 0 then absent_status
            when len(without_residents) > 0 or cases < {{ var('standardised_least_cases') }} then 'missing'
            when has_estimated then 'estimated'
            when has_provisional then 'provisional'
            else 'observed'
        end as status
    from cell
),

valued as (
    select
        *,
        case when status in ('observed', 'provisional', 'estimated') then per * weighted / weights end
            as value,
        per / weights * sqrt(variance / nullif(cases, 0)) as scale
    from judged
)

select
    indicator_id,
    area_system,
    area_version,
    area_id,
    period_start,
    grain,
    'all' as group_id,
    case when coalesce(len(without_cases), 0) = 0 then cases end as numerator,
    case when coalesce(len(without_residents), 0) = 0 then residents end as denominator,
    cast(value as double) as value,
    unit,
    -- How far carried cases are off is not known band by band: no limits rather than too narrow ones.
    cast(case
        when value is not null and interval = 'dobson' and status != 'estimated'
            then value + scale * ({{ byar_low('cases') }} - cases)
    end as double) as low,
    cast(case
        when value is not null and interval = 'dobson' and status != 'estimated'
            then value + scale * ({{ byar_high('cases') }} - cases)
    end as double) as high,
    status,
    case
        when len(without_cases) > 0
            then
                'ohne Fallzahl für ' || len(without_cases) || ' von ' || bands || ' Gruppen: '
                || {{ first_names('without_cases') }} || coalesce(' (' || part_reason || ')', '')
        when len(without_residents) > 0
            then
                'ohne Bezugsgröße für ' || len(without_residents) || ' von ' || bands || ' Gruppen: '
                || {{ first_names('without_residents') }}
        when status = 'missing'
            then
                'weniger als {{ var('standardised_least_cases') }} Fälle; '
                || 'eine standardisierte Rate hinge an einzelnen Menschen'
        else part_reason
    end as reason,
    case
        when len(without_cases) > 0
            then
                'no count for ' || len(without_cases) || ' of ' || bands || ' groups: '
                || {{ first_names('without_cases_en') }} || coalesce(' (' || part_reason_en || ')', '')
        when len(without_residents) > 0
            then
                'no denominator for ' || len(without_residents) || ' of ' || bands || ' groups: '
                || {{ first_names('without_residents_en') }}
        when status = 'missing'
            then
                'fewer than {{ var('standardised_least_cases') }} cases; '
                || 'a standardised rate would hang on single people'
        else part_reason_en
    end as reason_en,
    as_of,
    cast(smallest_count as double) as smallest_count
from valued
