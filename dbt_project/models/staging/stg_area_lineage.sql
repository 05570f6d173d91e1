-- Every area with itself and everything above it.
with recursive lineage as (
    select
        area.area_system,
        area.area_version,
        area.area_id,
        area.level_rank,
        area.is_unassigned,
        area.valid_from,
        area.valid_to,
        above.level_rank as parent_rank,
        area.area_id as ancestor_id,
        area.level_rank as ancestor_rank,
        area.parent_id as next_id
    from {{ source('declared', 'area') }} as area
    left join {{ source('declared', 'area') }} as above
        on
            area.area_system = above.area_system
            and area.area_version = above.area_version
            and area.parent_id = above.area_id

    union all

    select
        lineage.area_system,
        lineage.area_version,
        lineage.area_id,
        lineage.level_rank,
        lineage.is_unassigned,
        lineage.valid_from,
        lineage.valid_to,
        lineage.parent_rank,
        above.area_id as ancestor_id,
        above.level_rank as ancestor_rank,
        above.parent_id as next_id
    from lineage
    inner join {{ source('declared', 'area') }} as above
        on
            lineage.area_system = above.area_system
            and lineage.area_version = above.area_version
            and lineage.next_id = above.area_id
)

select
    area_system,
    area_version,
    area_id,
    level_rank,
    is_unassigned,
    parent_rank,
    ancestor_id,
    ancestor_rank,
    case
        when valid_from > min(valid_from) over (partition by area_system, area_version)
            then valid_from
    end as begins,
    case
        when
            valid_to
            < max(coalesce(valid_to, date '9999-12-31')) over (partition by area_system, area_version)
            then valid_to
    end as ends
from lineage
