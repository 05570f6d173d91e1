-- Every state a delivered cell ever had, from the day it was known; an equal re-delivery is none.
-- A correction holds from its own day on, for as long as the wrong value is the delivered one.
-- Of the periods that a measure brought on one day alone, each cell has the one state it has now.
with repeated as (
    select
        measure_id,
        area_system,
        area_version,
        period_start,
        grain
    from {{ ref('stg_repeated') }}
    where first_day < last_day

    union

    select
        measure_id,
        area_system,
        area_version,
        period_start,
        grain
    from {{ source('declared', 'correction') }}
),

concerned as (
    select distinct
        covered.measure_id,
        covered.delivery_id,
        covered.position
    from {{ ref('stg_covered') }} as covered
    semi join repeated
        using (measure_id, area_system, area_version, period_start, grain)
),

known as (
    select
        observation.* replace (
            cast(observation.area_system as area_system) as area_system,
            cast(observation.area_version as area_version) as area_version,
            cast(observation.area_id as area_id) as area_id,
            cast(observation.grain as grain) as grain,
            cast(observation.status as status) as status
        ),
        concerned.position
    from {{ source_in_texts('lake', 'observation') }} as observation
    inner join concerned
        using (measure_id, delivery_id)
    where observation.as_of <= cast('{{ var("as_of") }}' as date)
),

daily as (
    select known.*
    from known
    semi join repeated
        using (measure_id, area_system, area_version, period_start, grain)
    qualify row_number() over (
        partition by
            known.measure_id,
            known.area_system,
            known.area_version,
            known.area_id,
            known.period_start,
            known.grain,
            known.group_id,
            known.as_of
        order by known.position desc
    ) = 1
),

correction as (
    select *
    from {{ source('declared', 'correction') }}
    where as_of <= cast('{{ var("as_of") }}' as date)
),

corrected as (
    select
        daily.* replace (
            coalesce(correction.corrected, daily.value) as value,
            case when correction.line is null then daily.status else 'estimated' end as status,
            coalesce(correction.reason, daily.reason) as reason,
            coalesce(correction.reason_en, daily.reason_en) as reason_en
        )
    from daily
    left join correction
        on
            daily.measure_id = correction.measure_id
            and daily.area_system = correction.area_system
            and daily.area_version = correction.area_version
            and daily.area_id = correction.area_id
            and daily.period_start = correction.period_start
            and daily.grain = correction.grain
            and daily.group_id = correction.group_id
            and daily.value = correction.expected
            and daily.as_of >= correction.as_of

    union all by name

    select
        daily.* replace (
            correction.corrected as value,
            'estimated' as status,
            correction.reason as reason,
            correction.reason_en as reason_en,
            correction.as_of as as_of
        )
    from correction
    asof inner join daily
        on
            correction.measure_id = daily.measure_id
            and correction.area_system = daily.area_system
            and correction.area_version = daily.area_version
            and correction.area_id = daily.area_id
            and correction.period_start = daily.period_start
            and correction.grain = daily.grain
            and correction.group_id = daily.group_id
            and correction.as_of >= daily.as_of
    where daily.value = correction.expected and daily.as_of < correction.as_of
),

compared as (
    select
        *,
        lag(value) over cell as value_before,
        lag(status) over cell as status_before
    from corrected
    window cell as (
        partition by measure_id, area_system, area_version, area_id, period_start, grain, group_id
        order by as_of
    )
)

select
    measure_id,
    area_system,
    area_version,
    area_id,
    period_start,
    grain,
    group_id,
    value,
    unit,
    status,
    reason,
    reason_en,
    as_of
from compared
where status_before is null or value is distinct from value_before or status != status_before
