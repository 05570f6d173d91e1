-- Areas that exist in a period but are not in its delivery, at the finest level delivered: above it a sum
-- takes the place of what was not delivered. Case lists are complete, so none of their areas is absent.
with located as (
    select
        delivered.*,
        lineage.level_rank,
        lineage.is_unassigned
    from {{ ref('measure_delivered') }} as delivered
    inner join {{ source('declared', 'measure') }} as measure
        on delivered.measure_id = measure.measure_id and measure.additive_over_areas
    inner join {{ ref('stg_area_lineage') }} as lineage
        on
            delivered.area_system = lineage.area_system
            and delivered.area_version = lineage.area_version
            and delivered.area_id = lineage.area_id
            and lineage.area_id = lineage.ancestor_id
),

finest as (
    select
        measure_id,
        area_system,
        area_version,
        period_start,
        grain,
        min(level_rank) as level_rank,
        any_value(unit) as unit,
        max(as_of) as as_of
    from located
    where not is_unassigned
    group by all
),

absent as (
    select
        finest.*,
        lineage.area_id
    from finest
    inner join {{ ref('stg_area_lineage') }} as lineage
        on
            finest.area_system = lineage.area_system
            and finest.area_version = lineage.area_version
            and finest.level_rank = lineage.level_rank
            and lineage.area_id = lineage.ancestor_id
            and not lineage.is_unassigned
            and finest.period_start >= coalesce(lineage.begins, finest.period_start)
            and finest.period_start <= coalesce(lineage.ends, finest.period_start)
    anti join located
        on
            finest.measure_id = located.measure_id
            and finest.area_system = located.area_system
            and finest.area_version = located.area_version
            and finest.period_start = located.period_start
            and finest.grain = located.grain
            and lineage.area_id = located.area_id
)

select distinct
    absent.measure_id,
    absent.area_system,
    absent.area_version,
    absent.area_id,
    absent.period_start,
    absent.grain,
    located.group_id,
    cast(null as double) as value,
    absent.unit,
    'missing' as status,
    'in der Lieferung nicht enthalten' as reason,
    'not contained in the delivery' as reason_en,
    absent.as_of,
    'absent' as origin
from absent
inner join located
    using (measure_id, area_system, area_version, period_start, grain, level_rank)
where not located.is_unassigned
