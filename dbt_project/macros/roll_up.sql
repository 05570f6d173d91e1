{#-
Sums a measure up the hierarchy wherever a level was not delivered itself.

A level is summed from the nearest finer level that was delivered; members for rows without an area
count where no level in between holds them already. A published total is never replaced by a sum.
`parts` is a relation with the columns of core.measure_delivered. Only measures that may be summed
over areas are summed; missing parts make the sum `estimated` and are named.
-#}
{% macro roll_up(parts) -%}
with delivered as (
    select
        parts.*,
        area.level_rank,
        area.is_unassigned,
        above.level_rank as parent_rank
    from {{ parts }} as parts
    inner join {{ source('declared', 'area') }} as area
        using (area_system, area_version, area_id)
    inner join {{ source('declared', 'measure') }} as measure
        using (measure_id)
    left join {{ source('declared', 'area') }} as above
        on
            area.area_system = above.area_system
            and area.area_version = above.area_version
            and area.parent_id = above.area_id
    where measure.additive_over_areas
),

slice as (
    select
        measure_id,
        area_system,
        area_version,
        period_start,
        grain,
        group_id,
        min(unit) as unit,
        list_distinct(list(level_rank) filter (where not is_unassigned)) as ranks
    from delivered
    group by all
),

wanted as (
    select
        slice.* exclude (ranks),
        level.level_rank as target_rank,
        list_max(list_filter(slice.ranks, lambda rank: rank < level.level_rank)) as source_rank
    from slice
    inner join (
        select distinct
            area_system,
            area_version,
            level_rank
        from {{ source('declared', 'area') }}
        where not is_unassigned
    ) as level
        using (area_system, area_version)
),

part as (
    select
        wanted.measure_id,
        wanted.area_system,
        wanted.area_version,
        lineage.ancestor_id as area_id,
        wanted.period_start,
        wanted.grain,
        wanted.group_id,
        wanted.unit,
        lineage.area_id as part_id,
        lineage.is_unassigned as part_is_unassigned,
        coalesce(wanted.period_start < lineage.begins or wanted.period_start > lineage.ends, false)
            as part_outside_its_time
    from wanted
    inner join {{ ref('stg_area_lineage') }} as lineage
        on
            wanted.area_system = lineage.area_system
            and wanted.area_version = lineage.area_version
            and wanted.target_rank = lineage.ancestor_rank
            and (
                (not lineage.is_unassigned and wanted.source_rank = lineage.level_rank)
                or (lineage.is_unassigned and wanted.source_rank < lineage.parent_rank)
            )
    where wanted.source_rank is not null
),

summed as (
    select
        part.measure_id,
        part.area_system,
        part.area_version,
        part.area_id,
        part.period_start,
        part.grain,
        part.group_id,
        any_value(part.unit) as unit,
        {{ exact_sum('delivered.value') }} as total,
        count(*) filter (where not part.part_is_unassigned) as part_count,
        list(part.part_id order by part.part_id) filter (
            where not part.part_is_unassigned and delivered.value is null
        ) as missing_parts,
        bool_or(delivered.status = 'provisional') as has_provisional,
        bool_or(delivered.status = 'estimated') as has_estimated,
        min(delivered.reason) filter (where delivered.value is not null) as part_reason,
        min(delivered.reason_en) filter (where delivered.value is not null) as part_reason_en,
        max(delivered.as_of) as as_of
    from part
    left join delivered
        on
            part.measure_id = delivered.measure_id
            and part.area_system = delivered.area_system
            and part.area_version = delivered.area_version
            and part.part_id = delivered.area_id
            and part.period_start = delivered.period_start
            and part.grain = delivered.grain
            and part.group_id = delivered.group_id
    where not part.part_outside_its_time or delivered.value is not null
    group by all
),

said as (
    select
        *,
        coalesce(len(missing_parts), 0) as missing_count,
        array_to_string(missing_parts[:5], ', ')
        || case when len(missing_parts) > 5 then ' …' else '' end as missing_text
    from summed
)

select
    measure_id,
    area_system,
    area_version,
    area_id,
    period_start,
    grain,
    group_id,
    total as value,
    unit,
    case
        when total is null then 'missing'
        when missing_count > 0 or has_estimated then 'estimated'
        when has_provisional then 'provisional'
        else 'observed'
    end as status,
    case
        when total is null then 'für keines der ' || part_count || ' Teilgebiete liegt ein Wert vor'
        when missing_count > 0
            then 'Summe ohne ' || missing_count || ' von ' || part_count || ' Gebieten: ' || missing_text
        else part_reason
    end as reason,
    case
        when total is null then 'no value for any of the ' || part_count || ' parts'
        when missing_count > 0
            then 'sum without ' || missing_count || ' of ' || part_count || ' areas: ' || missing_text
        else part_reason_en
    end as reason_en,
    as_of,
    'summed' as origin,
    missing_count / part_count as missing_share
from said
anti join {{ parts }} as parts
    using (measure_id, area_system, area_version, area_id, period_start, grain, group_id)
where as_of is not null
{%- endmacro %}
