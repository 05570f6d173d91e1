-- Older measures carried over to the newest area version, where that version has none of its own.
with newest as (
    select
        area_system,
        max_by(area_version, valid_from) as to_version
    from {{ source('declared', 'area') }}
    group by area_system
),

old as (
    select
        native.*,
        newest.to_version,
        area.level,
        area.level_rank,
        area.is_unassigned
    from {{ ref('measure_native') }} as native
    inner join newest
        on native.area_system = newest.area_system and native.area_version != newest.to_version
    inner join {{ source('declared', 'measure') }} as measure
        on native.measure_id = measure.measure_id and measure.additive_over_areas
    inner join {{ source('declared', 'area') }} as area
        on
            native.area_system = area.area_system
            and native.area_version = area.area_version
            and native.area_id = area.area_id
    anti join {{ ref('measure_native') }} as own
        on
            native.measure_id = own.measure_id
            and native.area_system = own.area_system
            and newest.to_version = own.area_version
            and native.period_start = own.period_start
            and native.grain = own.grain
            and native.group_id = own.group_id
),

weighted as (
    select
        old.measure_id,
        old.area_system,
        old.area_version,
        old.to_version,
        crosswalk.to_area_id as area_id,
        old.period_start,
        old.grain,
        old.group_id,
        any_value(old.unit) as unit,
        {{ exact_sum('old.value * crosswalk.weight') }} as total,
        count(*) filter (where old.value is null and crosswalk.weight >= 0.01) as missing_count,
        max(old.as_of) as as_of
    from old
    inner join {{ ref('stg_crosswalk') }} as crosswalk
        on
            old.area_system = crosswalk.area_system
            and old.area_version = crosswalk.from_version
            and old.to_version = crosswalk.to_version
            and old.level = crosswalk.level
            and old.area_id = crosswalk.from_area_id
    where not old.is_unassigned
    group by all
)

select
    measure_id,
    area_system,
    to_version as area_version,
    area_id,
    period_start,
    grain,
    group_id,
    total as value,
    unit,
    case when total is null then 'missing' else 'estimated' end as status,
    case
        when total is null then 'keine Angabe im Gebietsstand ' || area_version
        else 'umgerechnet vom Gebietsstand ' || area_version || ' auf ' || to_version
    end
    || case
        when total is not null and missing_count > 0
            then ', ohne ' || missing_count || ' frühere Gebiete ohne Angabe'
        else ''
    end as reason,
    case
        when total is null then 'no figure in area version ' || area_version
        else 'carried over from area version ' || area_version || ' to ' || to_version
    end
    || case
        when total is not null and missing_count > 0
            then ', without ' || missing_count || ' earlier areas that have no figure'
        else ''
    end as reason_en,
    as_of,
    'carried' as origin
from weighted

union all by name

select
    old.measure_id,
    old.area_system,
    old.to_version as area_version,
    old.area_id,
    old.period_start,
    old.grain,
    old.group_id,
    old.value,
    old.unit,
    old.status,
    old.reason,
    old.reason_en,
    old.as_of,
    'unchanged' as origin
from old
inner join {{ source('declared', 'unchanged_level') }} as unchanged
    on
        old.area_system = unchanged.area_system
        and old.area_version = unchanged.from_version
        and old.to_version = unchanged.to_version
        and old.level = unchanged.level
