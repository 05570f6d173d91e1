-- The states of counts added up since the beginning of the year of which a part was revised.
with part as (
    select
        derived.indicator_id,
        indicator.unit,
        figure.indicator_id as part_id,
        figure.area_system,
        figure.area_version,
        figure.area_id,
        figure.period_start,
        figure.grain,
        figure.group_id,
        figure.value,
        figure.status,
        figure.as_of,
        {{ months_of('figure.grain') }} as months,
        {{ year_begin('figure.period_start', 'derived.year_starts') }} as year_start
    from {{ ref('indicator_figure') }} as figure
    inner join {{ source('declared', 'indicator_derived') }} as derived
        on figure.indicator_id = derived.of_indicator_id and derived.kind = 'cumulative'
    inner join {{ source('declared', 'indicator') }} as indicator
        on derived.indicator_id = indicator.indicator_id
    where figure.grain in ('month', 'quarter', 'half_year')
),

revised as (
    select distinct
        part.indicator_id,
        part.area_system,
        part.area_version,
        part.area_id,
        part.grain,
        part.group_id,
        part.year_start
    from part
    inner join {{ ref('indicator_state') }} as state
        on
            part.part_id = state.indicator_id
            and part.area_system = state.area_system
            and part.area_version = state.area_version
            and part.area_id = state.area_id
            and part.period_start = state.period_start
            and part.grain = state.grain
            and part.group_id = state.group_id
    where state.is_revised
),

-- What was never revised stood as it stands today.
stood as (
    select
        part.* exclude (value, status, as_of), -- noqa: RF02
        case when state.as_of is null then part.value else state.value end as value,
        coalesce(state.status, part.status) as status,
        coalesce(state.as_of, part.as_of) as as_of
    from part
    semi join revised
        using (indicator_id, area_system, area_version, area_id, grain, group_id, year_start)
    left join {{ ref('indicator_state') }} as state
        on
            part.part_id = state.indicator_id
            and part.area_system = state.area_system
            and part.area_version = state.area_version
            and part.area_id = state.area_id
            and part.period_start = state.period_start
            and part.grain = state.grain
            and part.group_id = state.group_id
),

-- The sum of today says which sums there are; one that is refused has no states either.
added as (
    select
        whole.indicator_id,
        whole.area_system,
        whole.area_version,
        whole.area_id,
        whole.period_start,
        whole.grain,
        whole.group_id,
        stood.unit,
        stood.period_start as part_start,
        datediff('month', stood.year_start, whole.period_start) // stood.months + 1 as wanted,
        stood.value,
        stood.status,
        stood.as_of
    from {{ ref('indicator_cumulative') }} as whole
    inner join {{ source('declared', 'indicator_derived') }} as derived
        on whole.indicator_id = derived.indicator_id
    inner join stood
        on
            whole.indicator_id = stood.indicator_id
            and whole.area_system = stood.area_system
            and whole.area_version = stood.area_version
            and whole.area_id = stood.area_id
            and whole.grain = stood.grain
            and whole.group_id = stood.group_id
            and whole.period_start >= stood.period_start
            and {{ year_begin('whole.period_start', 'derived.year_starts') }} = stood.year_start
    where
        whole.status != 'not_comparable'
        and datediff('month', stood.year_start, whole.period_start) % stood.months = 0
),

summed as (
    {{ sum_states(
        'added',
        part=[
            'indicator_id', 'part_start', 'area_system', 'area_version', 'area_id', 'period_start', 'grain',
            'group_id'
        ],
        whole=[
            'indicator_id', 'unit', 'area_system', 'area_version', 'area_id', 'period_start', 'grain',
            'group_id'
        ]
    ) }}
)

select
    indicator_id,
    area_system,
    area_version,
    area_id,
    period_start,
    grain,
    group_id,
    value as numerator,
    cast(null as double) as denominator,
    value,
    unit,
    status,
    true as is_revised,
    as_of
from summed
