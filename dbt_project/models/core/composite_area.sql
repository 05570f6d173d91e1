-- The areas of each edition of an index (level, version, date), and which of them are compared with each
-- other: those that are large enough and not left out by declaration.
with part as (
    select
        component.indicator_id,
        component.is_stock,
        figure.area_system,
        figure.area_version,
        figure.area_id,
        figure.period_start,
        figure.grain,
        figure.value
    from {{ source('declared', 'indicator_component') }} as component
    inner join {{ ref('indicator_figure') }} as figure
        on
            component.part_id = figure.indicator_id
            and figure.group_id = 'all'
            and figure.period_start >= coalesce(component.valid_from, figure.period_start)
            and figure.period_start <= coalesce(component.valid_to, figure.period_start)
),

edition as (
    select
        part.indicator_id,
        part.area_system,
        part.area_version,
        part.period_start,
        part.grain,
        wanted.level,
        wanted.minimum_count,
        wanted.minimum_de,
        wanted.minimum_en,
        bool_and(part.is_stock) as is_stock
    from part
    inner join {{ source('declared', 'area') }} as area
        using (area_system, area_version, area_id)
    inner join {{ source('declared', 'indicator_level') }} as wanted
        on part.indicator_id = wanted.indicator_id and area.level = wanted.level
    where not area.is_unassigned
    group by all
    having count(part.value) > 0
),

member as (
    select
        edition.*,
        lineage.area_id,
        {{ period_end('edition.period_start', 'edition.grain', 'edition.is_stock') }} as period_end
    from edition
    inner join {{ source('declared', 'area') }} as area
        on
            edition.area_system = area.area_system
            and edition.area_version = area.area_version
            and edition.level = area.level
            and not area.is_unassigned
    inner join {{ ref('stg_area_lineage') }} as lineage
        on
            area.area_system = lineage.area_system
            and area.area_version = lineage.area_version
            and area.area_id = lineage.area_id
            and lineage.area_id = lineage.ancestor_id
            and edition.period_start >= coalesce(lineage.begins, edition.period_start)
            and edition.period_start <= coalesce(lineage.ends, edition.period_start)
),

size as (
    select *
    from {{ ref('indicator_part') }}
    where role = 'minimum' and group_id = 'all'
    qualify row_number() over (
        partition by indicator_id, area_system, area_version, area_id, period_start
        order by grain
    ) = 1
),

sized as (
    select
        member.*,
        size.as_of,
        case when size.period_start >= member.period_end - {{ var('stock_max_age_days') }} then size.value end
            as size
    from member
    asof left join size
        on
            member.indicator_id = size.indicator_id
            and member.area_system = size.area_system
            and member.area_version = size.area_version
            and member.area_id = size.area_id
            and member.period_end >= size.period_start
),

judged as (
    select
        sized.indicator_id,
        sized.area_system,
        sized.area_version,
        sized.area_id,
        sized.level,
        sized.period_start,
        sized.grain,
        sized.minimum_count,
        sized.minimum_de,
        sized.minimum_en,
        sized.size,
        sized.as_of,
        min(left_out.reason) as left_out,
        min(left_out.reason_en) as left_out_en
    from sized
    left join {{ source('declared', 'indicator_left_out') }} as left_out
        on
            sized.indicator_id = left_out.indicator_id
            and sized.area_version = left_out.area_version
            and sized.area_id = left_out.area_id
            and sized.period_start >= coalesce(left_out.valid_from, sized.period_start)
            and sized.period_start <= coalesce(left_out.valid_to, sized.period_start)
    group by all
)

select
    indicator_id,
    area_system,
    area_version,
    area_id,
    level,
    period_start,
    grain,
    left_out is null and coalesce(size >= minimum_count, true) as is_compared,
    size is null as is_unknown,
    case
        when left_out is not null then left_out
        when size < minimum_count
            then
                'nicht verglichen: unter der Mindestgröße von ' || cast(minimum_count as bigint) || ' ('
                || minimum_de || ')'
        when size is null then 'Mindestgröße nicht prüfbar: ' || minimum_de || ' fehlt'
    end as reason,
    case
        when left_out is not null then left_out_en
        when size < minimum_count
            then
                'not compared: below the minimum size of ' || cast(minimum_count as bigint) || ' ('
                || minimum_en || ')'
        when size is null then 'minimum size cannot be checked: no ' || minimum_en
    end as reason_en,
    as_of
from judged
