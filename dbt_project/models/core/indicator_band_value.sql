-- Age bands of standardised rates and bins of means and quantiles: the cases of each beside its residents.
with band as (
    select
        band.*,
        measure.stock_or_flow = 'stock' as is_stock
    from {{ source('declared', 'indicator_band') }} as band
    inner join {{ source('declared', 'measure') }} as measure
        using (measure_id)
),

delivered as (
    select
        band.indicator_id,
        band.role,
        band.group_id,
        value.area_system,
        value.area_version,
        value.area_id,
        value.period_start,
        value.grain,
        {{ period_end('value.period_start', 'value.grain', 'band.is_stock') }} as period_end,
        value.value,
        value.status,
        value.reason,
        value.reason_en,
        value.as_of
    from band
    inner join {{ ref('measure_value') }} as value
        on band.measure_id = value.measure_id and band.group_id = value.group_id
),

-- Every band is wanted wherever one of them is known.
wanted as (
    select
        cell.*,
        band.group_id,
        band.name_de,
        band.name_en,
        band.weight,
        band.lower,
        band.upper,
        band.quantile
    from (
        select distinct
            indicator_id,
            area_system,
            area_version,
            area_id,
            period_start,
            grain,
            period_end
        from delivered
        where role = 'numerator'
    ) as cell
    inner join band
        on cell.indicator_id = band.indicator_id and band.role = 'numerator'
),

residents as (
    select *
    from delivered
    where role = 'denominator'
    qualify row_number() over (
        partition by indicator_id, area_system, area_version, area_id, group_id, period_start
        order by grain
    ) = 1
)

select
    wanted.*,
    cases.value as cases,
    coalesce(cases.status, 'missing') as cases_status,
    cases.reason as cases_reason,
    cases.reason_en as cases_reason_en,
    case
        when residents.period_start >= wanted.period_end - {{ var('stock_max_age_days') }}
            then residents.value
    end as residents,
    residents.status as residents_status,
    residents.reason as residents_reason,
    residents.reason_en as residents_reason_en,
    greatest(coalesce(cases.as_of, residents.as_of), coalesce(residents.as_of, cases.as_of)) as as_of
from wanted
left join delivered as cases
    on
        wanted.indicator_id = cases.indicator_id
        and wanted.area_system = cases.area_system
        and wanted.area_version = cases.area_version
        and wanted.area_id = cases.area_id
        and wanted.period_start = cases.period_start
        and wanted.grain = cases.grain
        and wanted.group_id = cases.group_id
        and cases.role = 'numerator'
asof left join residents
    on
        wanted.indicator_id = residents.indicator_id
        and wanted.area_system = residents.area_system
        and wanted.area_version = residents.area_version
        and wanted.area_id = residents.area_id
        and wanted.group_id = residents.group_id
        and wanted.period_end >= residents.period_start
