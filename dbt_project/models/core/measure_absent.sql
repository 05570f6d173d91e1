-- Areas that exist in a period but are not in its delivery, at the finest level delivered: above it a sum
-- takes the place of what was not delivered. Case lists are complete, so none of their areas is absent.
with located as (
    select
        delivered.measure_id,
        delivered.area_system,
        delivered.area_version,
        delivered.area_id,
        delivered.period_start,
        delivered.grain,
        lineage.level_rank,
        lineage.is_unassigned,
        any_value(delivered.unit) as unit,
        max(delivered.as_of) as as_of
    from {{ ref('measure_delivered') }} as delivered
    inner join {{ source('declared', 'measure') }} as measure
        on delivered.measure_id = measure.measure_id and measure.additive_over_areas
    inner join {{ ref('stg_area_lineage') }} as lineage
        on
            delivered.area_system = lineage.area_system
            and delivered.area_version = lineage.area_version
            and delivered.area_id = lineage.area_id
            and lineage.area_id = lineage.ancestor_id
    group by all
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
),

-- The groups that the areas of the same level have.
listed as (
    select distinct
        delivered.measure_id,
        delivered.area_system,
        delivered.area_version,
        delivered.period_start,
        delivered.grain,
        delivered.group_id
    from {{ ref('measure_delivered') }} as delivered
    inner join {{ ref('stg_area_lineage') }} as lineage
        on
            delivered.area_system = lineage.area_system
            and delivered.area_version = lineage.area_version
            and delivered.area_id = lineage.area_id
            and lineage.area_id = lineage.ancestor_id
    semi join absent
        on
            delivered.measure_id = absent.measure_id
            and delivered.area_system = absent.area_system
            and delivered.area_version = absent.area_version
            and delivered.period_start = absent.period_start
            and delivered.grain = absent.grain
            and lineage.level_rank = absent.level_rank
    where not lineage.is_unassigned
)

select
    absent.measure_id,
    absent.area_system,
    absent.area_version,
    absent.area_id,
    absent.period_start,
    absent.grain,
    listed.group_id,
    cast(null as double) as value,
    absent.unit,
    cast('missing' as status) as status,
    'in der Lieferung nicht enthalten' as reason,
    'not contained in the delivery' as reason_en,
    absent.as_of,
    cast('absent' as origin) as origin
from absent
inner join listed
    using (measure_id, area_system, area_version, period_start, grain)
