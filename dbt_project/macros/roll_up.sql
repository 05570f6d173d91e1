{#-
Sums a measure up the hierarchy wherever a level was not delivered itself.

A level is summed from the nearest finer level that was delivered; members for rows without an area
count where no level in between holds them already. A published total is never replaced by a sum.
`parts` is a relation with the columns of core.measure_delivered; rows of origin `absent` only say that
a part is not there. Only measures that may be summed over areas are summed; missing parts make the sum
`estimated` and are named. The parts of every level are added up before it is chosen which level
counts: so that all rows are grouped once, and joined only with small tables.
-#}
{% macro roll_up(parts) -%}
{% set slice = 'measure_id, area_system, area_version, period_start, grain, group_id' -%}
{% set outside_its_time = '(period_start < begins or period_start > ends) is true' -%}
with located as not materialized (
    select
        parts.*,
        own.level_rank,
        own.is_unassigned,
        own.parent_rank,
        own.parent_id,
        own.begins,
        own.ends
    from {{ parts }} as parts
    inner join (
        select
            lineage.* exclude (ancestor_id, ancestor_rank),
            area.parent_id
        from {{ ref('stg_area_lineage') }} as lineage
        inner join {{ source('declared', 'area') }} as area
            using (area_system, area_version, area_id)
        where lineage.area_id = lineage.ancestor_id
    ) as own
        using (area_system, area_version, area_id)
    inner join {{ source('declared', 'measure') }} as measure
        using (measure_id)
    where measure.additive_over_areas
),

near as (
    select
        {{ slice }},
        parent_id,
        level_rank,
        is_unassigned,
        parent_rank,
        min(unit) as unit,
        sum(cast(value as decimal(38, 12))) as total,
        count(value) as known,
        count(value) filter (where {{ outside_its_time }}) as known_outside,
        count(*) filter (where not {{ outside_its_time }}) as given,
        min(area_id, 5) filter (where value is null and not {{ outside_its_time }}) as unknown_parts,
        bool_or(status = 'provisional') as has_provisional,
        bool_or(status = 'estimated') as has_estimated,
        min(reason) filter (where value is not null) as part_reason,
        min(reason_en) filter (where value is not null) as part_reason_en,
        max(as_of) filter (where origin != 'absent') as as_of
    from located
    where parent_id is not null and (value is not null or not {{ outside_its_time }})
    group by all
),

added as (
    select
        near.measure_id, near.area_system, near.area_version, near.period_start, near.grain,
        near.group_id,
        lineage.ancestor_id as area_id,
        lineage.ancestor_rank as target_rank,
        near.level_rank,
        near.is_unassigned,
        near.parent_rank,
        min(unit) as unit,
        sum(total) as total,
        sum(known) as known,
        sum(known_outside) as known_outside,
        sum(given) as given,
        list_sort(flatten(list(unknown_parts)))[:5] as unknown_parts,
        bool_or(has_provisional) as has_provisional,
        bool_or(has_estimated) as has_estimated,
        min(part_reason) as part_reason,
        min(part_reason_en) as part_reason_en,
        max(as_of) as as_of
    from near
    inner join {{ ref('stg_area_lineage') }} as lineage
        on
            near.area_system = lineage.area_system
            and near.area_version = lineage.area_version
            and near.parent_id = lineage.area_id
    group by all
),

wanted as (
    select
        {{ slice }},
        level.level_rank as target_rank,
        max(added.level_rank) as source_rank
    from added
    inner join (
        select distinct
            area_system,
            area_version,
            level_rank
        from {{ source('declared', 'area') }}
        where not is_unassigned
    ) as level
        using (area_system, area_version)
    where not added.is_unassigned and added.level_rank < level.level_rank
    group by all
),

summed as (
    select
        {{ slice }},
        area_id,
        target_rank,
        wanted.source_rank,
        any_value(added.unit) as unit,
        cast(sum(added.total) as double) as total,
        coalesce(sum(added.known) filter (where not added.is_unassigned), 0) as known,
        coalesce(sum(added.known_outside) filter (where not added.is_unassigned), 0) as known_outside,
        coalesce(sum(added.given) filter (where not added.is_unassigned), 0) as given,
        any_value(added.unknown_parts) filter (where not added.is_unassigned) as unknown_parts,
        bool_or(added.has_provisional) as has_provisional,
        bool_or(added.has_estimated) as has_estimated,
        min(added.part_reason) as part_reason,
        min(added.part_reason_en) as part_reason_en,
        max(added.as_of) as as_of
    from added
    inner join wanted
        using ({{ slice }}, target_rank)
    anti join (
        -- A bound, not a list: a join with all levels wanted would hold every row in memory.
        select * from located
        where level_rank >= (select min(higher.target_rank) from wanted as higher)
    ) as published
        using ({{ slice }}, area_id)
    where
        if(added.is_unassigned, wanted.source_rank < added.parent_rank, wanted.source_rank = added.level_rank)
    group by all
),

expected as (
    select
        slot.area_system,
        slot.area_version,
        slot.period_start,
        lineage.ancestor_id as area_id,
        lineage.level_rank as source_rank,
        count(*) as expected
    from (
        select distinct
            area_system,
            area_version,
            period_start
        from wanted
    ) as slot
    inner join {{ ref('stg_area_lineage') }} as lineage
        using (area_system, area_version)
    where not lineage.is_unassigned and not {{ outside_its_time }}
    group by all
),

counted as (
    select
        summed.*,
        coalesce(expected.expected, 0) + summed.known_outside as part_count,
        coalesce(expected.expected, 0) + summed.known_outside - summed.known as missing_count,
        summed.given < expected.expected as has_gap
    from summed
    left join expected
        using (area_system, area_version, period_start, area_id, source_rank)
    where summed.as_of is not null
),

-- Parts without a row of their own, where such are missing.
asked as (
    select
        counted.measure_id, counted.area_system, counted.area_version, counted.period_start, counted.grain,
        counted.group_id,
        counted.area_id,
        lineage.area_id as part_id
    from counted
    inner join {{ ref('stg_area_lineage') }} as lineage
        on
            counted.area_system = lineage.area_system
            and counted.area_version = lineage.area_version
            and counted.area_id = lineage.ancestor_id
            and counted.source_rank = lineage.level_rank
    where counted.has_gap and not lineage.is_unassigned and not {{ outside_its_time }}
),

gap as (
    select
        {{ slice }},
        area_id,
        min(part_id, 5) as parts
    from asked
    anti join (
        select
            {{ slice }},
            located.area_id as part_id
        -- Most often nothing is asked, and then no row has to be looked at.
        from (
            select * from located
            where
                located.period_start >= (select min(begun.period_start) from asked as begun)
                and located.period_start <= (select max(ended.period_start) from asked as ended)
        ) as located
        semi join asked
            using ({{ slice }})
    ) as given
        using ({{ slice }}, part_id)
    group by all
),

said as (
    select
        counted.*,
        list_sort(list_concat(counted.unknown_parts, gap.parts)) as missing_parts,
        array_to_string(missing_parts[:5], ', ')
        || case when counted.missing_count > 5 then ' …' else '' end as missing_text
    from counted
    left join gap
        using ({{ slice }}, area_id)
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
    cast(case
        when total is null then 'missing'
        when missing_count > 0 or has_estimated then 'estimated'
        when has_provisional then 'provisional'
        else 'observed'
    end as status) as status,
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
    cast('summed' as origin) as origin,
    missing_count / part_count as missing_share
from said
{%- endmacro %}
