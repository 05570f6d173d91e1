-- Each side of a conflict in its own words. Nothing is added up over the sides, and none comes first.
with latest as (
    select *
    from {{ ref('goal_version') }}
    where version_until is null
)

select
    conflict.conflict_id,
    side.goal_id,
    conflict.name_de,
    conflict.name_en,
    conflict.declared_by_de,
    conflict.declared_by_en,
    conflict.declared_on,
    latest.name_de as goal_name_de,
    latest.name_en as goal_name_en,
    latest.state as goal_state,
    latest.holder_kind,
    latest.holder_name_de,
    latest.holder_name_en,
    side.says_de,
    side.says_en,
    side.said_by_de,
    side.said_by_en,
    coalesce(side.accepts_less_of_de, latest.accepts_less_of_de, 'hat diese Seite nicht gesagt')
        as accepts_less_of_de,
    coalesce(side.accepts_less_of_en, latest.accepts_less_of_en, 'this side has not said so')
        as accepts_less_of_en,
    conflict.numbers_say_de,
    conflict.numbers_say_en,
    conflict.numbers_do_not_say_de,
    conflict.numbers_do_not_say_en,
    conflict.decides_de,
    conflict.decides_en,
    conflict.decides_by,
    conflict.decided_on,
    coalesce(conflict.decided_de, 'noch nicht entschieden') as decided_de,
    coalesce(conflict.decided_en, 'not yet decided') as decided_en
from {{ source('declared', 'conflict') }} as conflict
inner join {{ source('declared', 'conflict_side') }} as side
    using (conflict_id)
inner join latest
    on side.goal_id = latest.goal_id
