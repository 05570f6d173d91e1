-- Each declared correction beside what is known of its cell on the day asked for, with a verdict.
with known as (
    select *
    from {{ ref('stg_observation') }}
    where measure_id in (select concerned.measure_id from {{ source('declared', 'correction') }} as concerned)
)

select
    correction.line,
    correction.source_id,
    correction.measure_id,
    correction.area_system,
    correction.area_version,
    correction.area_id,
    correction.period_start,
    correction.grain,
    correction.group_id,
    correction.expected,
    correction.corrected,
    correction.told,
    correction.state,
    correction.as_of,
    correction.reason,
    correction.reason_en,
    observation.delivery_id,
    observation.value as found,
    case
        when correction.as_of > cast('{{ var("as_of") }}' as date) then 'not_known_yet'
        when observation.measure_id is null then 'no_observation'
        when
            correction.state = 'fixed'
            and coalesce(observation.value != correction.expected, true)
            then 'fixed'
        -- On an earlier day the wrong value was the known one, and so was its correction.
        when correction.state = 'fixed' and cast('{{ var("as_of") }}' as date) = date '9999-12-31'
            then 'came_back'
        when observation.value = correction.expected then 'applied'
        else 'changed'
    end as verdict
from {{ source('declared', 'correction') }} as correction
left join known as observation
    using (measure_id, area_system, area_version, area_id, period_start, grain, group_id)
