-- Areas that exist in a period but are not in its delivery, at the finest level delivered: above it a sum
-- takes the place of what was not delivered. Case lists are complete, so none of their areas is absent.
with corrected as (
    select
        measure_id,
        area_system,
        area_version,
        area_id,
        period_start,
        grain,
        max(as_of) as as_of
    from {{ ref('measure_correction') }}
    where verdict = 'applied'
    group by all
),

located as (
    select
        covered.measure_id,
        covered.area_system,
        covered.area_version,
        covered.area_id,
        covered.period_start,
        covered.grain,
        lineage.level_rank,
        lineage.is_unassigned,
        covered.unit,
        greatest(covered.last_day, corrected.as_of) as as_of
    from {{ ref('stg_covered') }} as covered
    inner join {{ source('declared', 'measure') }} as measure
        on covered.measure_id = measure.measure_id and measure.additive_over_areas
    inner join {{ ref('stg_area_lineage') }} as lineage
        on
            covered.area_system = lineage.area_system
            and covered.area_version = lineage.area_version
            and covered.area_id = lineage.area_id
            and lineage.area_id = lineage.ancestor_id
    left join corrected
        on
            covered.measure_id = corrected.measure_id
            and covered.area_system = corrected.area_system
            and covered.area_version = corrected.area_version
            and covered.area_id = corrected.area_id
            and covered.period_start = corrected.period_start
            and covered.grain = corrected.grain
),

finest as (
    select
        measure_id,
        area_system,
        area_version,
        period_start,
        grain,
        min(level_rank) as level_rank,
        min(unit) as unit,
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
