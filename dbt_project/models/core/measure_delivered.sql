-- What was delivered, in the area version in which it was delivered, with known errors corrected: of the
-- groups that something is computed from.
select
    observation.measure_id,
    cast(observation.area_system as area_system) as area_system,
    cast(observation.area_version as area_version) as area_version,
    cast(observation.area_id as area_id) as area_id,
    observation.period_start,
    cast(observation.grain as grain) as grain,
    observation.group_id,
    coalesce(correction.corrected, observation.value) as value,
    observation.unit,
    cast(case when correction.line is null then observation.status else 'estimated' end as status) as status,
    coalesce(correction.reason || coalesce('; ' || observation.reason, ''), observation.reason)
        as reason,
    coalesce(
        correction.reason_en || coalesce('; ' || observation.reason_en, ''), observation.reason_en
    ) as reason_en,
    greatest(observation.as_of, correction.as_of) as as_of,
    cast('delivered' as origin) as origin
from {{ ref('stg_observation') }} as observation
semi join {{ ref('stg_asked') }} as asked
    on observation.measure_id = asked.measure_id and observation.group_id = asked.group_id
left join {{ ref('measure_correction') }} as correction
    on
        observation.measure_id = correction.measure_id
        and observation.area_system = correction.area_system
        and observation.area_version = correction.area_version
        and observation.area_id = correction.area_id
        and observation.period_start = correction.period_start
        and observation.grain = correction.grain
        and observation.group_id = correction.group_id
        and correction.verdict = 'applied'
