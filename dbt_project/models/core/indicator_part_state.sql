-- The states of numerators and denominators: the terms of every formula added up, as in core.indicator_part.
with term as (
    select
        term.*,
        count(*) over (partition by term.indicator_id, term.role) as term_count,
        count(*) filter (where term.group_id = 'all') over (partition by term.indicator_id, term.role)
            as open_term_count
    from {{ source('declared', 'indicator_term') }} as term
),

matched as (
    select
        term.indicator_id,
        term.role,
        term.measure_id,
        term.group_id as term_group_id,
        state.area_system,
        state.area_version,
        state.area_id,
        state.period_start,
        state.grain,
        'all' as group_id,
        term.term_count as wanted,
        state.value,
        state.status,
        state.as_of
    from term
    inner join {{ ref('measure_value_state') }} as state
        on term.measure_id = state.measure_id and term.group_id = state.group_id

    union all

    select
        term.indicator_id,
        term.role,
        term.measure_id,
        term.group_id as term_group_id,
        state.area_system,
        state.area_version,
        state.area_id,
        state.period_start,
        state.grain,
        state.group_id,
        term.open_term_count as wanted,
        state.value,
        state.status,
        state.as_of
    from term
    inner join {{ source('declared', 'indicator_dimension') }} as dimension
        on term.indicator_id = dimension.indicator_id
    inner join {{ ref('measure_value_state') }} as state
        on
            term.measure_id = state.measure_id
            and state.group_id like dimension.dimension || '=%'
            and not contains(state.group_id, '|')
    where term.group_id = 'all'
)

select * from (
    {{ sum_states(
        'matched',
        part=[
            'indicator_id', 'role', 'measure_id', 'term_group_id', 'area_system', 'area_version', 'area_id',
            'period_start', 'grain', 'group_id'
        ],
        whole=[
            'indicator_id', 'role', 'area_system', 'area_version', 'area_id', 'period_start', 'grain',
            'group_id'
        ]
    ) }}
)
