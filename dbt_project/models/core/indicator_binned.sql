-- Means and quantiles of values that were counted in bins: midpoints, and straight lines inside a bin.
with bin as (
    select
        band.*,
        indicator.kind,
        indicator.unit,
        sum(band.cases) over (
            partition by
                band.indicator_id, band.area_system, band.area_version, band.area_id, band.period_start,
                band.grain
            order by band.lower
            rows between unbounded preceding and current row
        ) as up_to,
        sum(band.cases) over (
            partition by
                band.indicator_id, band.area_system, band.area_version, band.area_id, band.period_start,
                band.grain
        ) as total
    from {{ ref('indicator_band_value') }} as band
    inner join {{ source('declared', 'indicator') }} as indicator
        using (indicator_id)
    where indicator.kind in ('mean', 'quantile')
),

-- Which bins decide: all that hold somebody for a mean, the one where enough are counted for a quantile.
deciding as (
    select
        *,
        case
            when kind = 'mean' then cases > 0
            else
                cases > 0
                and up_to >= quantile * total - 1e-9
                and up_to - cases < quantile * total - 1e-9
        end as decides
    from bin
),

cell as (
    select
        indicator_id,
        area_system,
        area_version,
        area_id,
        period_start,
        grain,
        any_value(kind) as kind,
        any_value(unit) as unit,
        count(*) as bins,
        list(name_de order by lower) filter (where cases is null) as without_cases,
        list(name_en order by lower) filter (where cases is null) as without_cases_en,
        min(cases_status) filter (where cases is null) as absent_status,
        any_value(name_de) filter (where decides and upper is null) as open_bin,
        any_value(name_en) filter (where decides and upper is null) as open_bin_en,
        bool_or(cases_status = 'estimated') as has_estimated,
        bool_or(cases_status = 'provisional') as has_provisional,
        min(cases_reason) as part_reason,
        min(cases_reason_en) as part_reason_en,
        any_value(total) as total,
        list_sum(list((lower + upper) / 2 * cases order by lower) filter (where cases > 0)) as weighted,
        min(lower + (quantile * total - (up_to - cases)) / cases * (upper - lower)) filter (where decides)
            as at_quantile,
        case when any_value(kind) = 'mean' then any_value(total) else min(cases) filter (where decides) end
            as smallest_count,
        max(as_of) as as_of
    from deciding
    group by all
),

judged as (
    select
        *,
        coalesce(len(without_cases), 0) = 0 as is_whole,
        case
            when len(without_cases) > 0 then absent_status
            when total = 0 or open_bin is not null then 'missing'
            when has_estimated then 'estimated'
            when has_provisional then 'provisional'
            else 'observed'
        end as status
    from cell
)

select
    indicator_id,
    area_system,
    area_version,
    area_id,
    period_start,
    grain,
    'all' as group_id,
    cast(case when is_whole and kind = 'mean' and open_bin is null then weighted end as double) as numerator,
    cast(case when is_whole then total end as double) as denominator,
    cast(case
        when status not in ('observed', 'provisional', 'estimated') then null
        when kind = 'mean' then weighted / total
        else at_quantile
    end as double) as value,
    unit,
    cast(null as double) as low,
    cast(null as double) as high,
    status,
    case
        when not is_whole
            then
                'ohne Fallzahl für ' || len(without_cases) || ' von ' || bins || ' Klassen: '
                || {{ first_names('without_cases') }} || coalesce(' (' || part_reason || ')', '')
        when total = 0 then 'niemand wurde gezählt'
        when open_bin is not null and kind = 'mean'
            then
                'in der Klasse „' || open_bin || '“ ist jemand, und sie hat keine Obergrenze; '
                || 'ein Mittelwert wäre geraten'
        when open_bin is not null
            then 'das Quantil liegt in der Klasse „' || open_bin || '“, die keine Obergrenze hat'
        else part_reason
    end as reason,
    case
        when not is_whole
            then
                'no count for ' || len(without_cases) || ' of ' || bins || ' bins: '
                || {{ first_names('without_cases_en') }} || coalesce(' (' || part_reason_en || ')', '')
        when total = 0 then 'nobody was counted'
        when open_bin is not null and kind = 'mean'
            then
                'somebody is in the bin "' || open_bin_en || '", which has no upper limit; '
                || 'a mean would be a guess'
        when open_bin is not null
            then 'the quantile lies in the bin "' || open_bin_en || '", which has no upper limit'
        else part_reason_en
    end as reason_en,
    as_of,
    cast(smallest_count as double) as smallest_count
from judged
