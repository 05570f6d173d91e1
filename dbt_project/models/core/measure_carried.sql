-- Older measures carried over to the newest area version, where that version has none of its own.
with newest as (
    select
        area_system,
        max_by(area_version, valid_from) as to_version
    from {{ source('declared', 'area') }}
    group by area_system
),

-- What may stand in the way of carrying over: a figure of the newest version itself.
own as (
    select *
    from {{ ref('measure_native') }}
    where measure_id in (
        select older.measure_id
        from {{ ref('measure_native') }} as older
        inner join newest
            on older.area_system = newest.area_system and older.area_version != newest.to_version
    )
),

old as (
    select
        native.*,
        newest.to_version,
        measure.carried_by,
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
    anti join own
        on
            native.measure_id = own.measure_id
            and native.area_system = own.area_system
            and newest.to_version = own.area_version
            and native.period_start = own.period_start
            and native.grain = own.grain
            and native.group_id = own.group_id
),

-- What part of an older area lies in a newer one, and in every area above it.
share as (
    select
        crosswalk.area_system,
        crosswalk.from_version,
        crosswalk.from_area_id,
        crosswalk.to_version,
        lineage.ancestor_id as to_area_id,
        lineage.ancestor_rank as to_rank,
        crosswalk.level,
        crosswalk.basis,
        crosswalk.is_default,
        crosswalk.spread,
        crosswalk.measured_by_de,
        crosswalk.measured_by_en,
        least(cast(sum(cast(crosswalk.weight as decimal(38, 18))) as double), 1) as weight
    from {{ ref('stg_crosswalk') }} as crosswalk
    inner join {{ ref('stg_area_lineage') }} as lineage
        on
            crosswalk.area_system = lineage.area_system
            and crosswalk.to_version = lineage.area_version
            and crosswalk.to_area_id = lineage.area_id
    inner join {{ source('declared', 'area') }} as area
        on
            lineage.area_system = area.area_system
            and lineage.area_version = area.area_version
            and lineage.ancestor_id = area.area_id
    anti join {{ source('declared', 'unchanged_level') }} as unchanged
        on
            crosswalk.area_system = unchanged.area_system
            and crosswalk.from_version = unchanged.from_version
            and crosswalk.to_version = unchanged.to_version
            and area.level = unchanged.level
    group by all
),

weighted as (
    select
        old.measure_id,
        old.area_system,
        old.area_version,
        old.to_version,
        share.to_area_id as area_id,
        old.level_rank,
        share.basis,
        share.measured_by_de,
        share.measured_by_en,
        old.period_start,
        old.grain,
        old.group_id,
        any_value(old.unit) as unit,
        {{ exact_sum('old.value * share.weight') }} as total,
        count(*) filter (where old.value is null and share.weight >= 0.01) as missing_count,
        bool_or(share.weight < 0.99) as is_split,
        -- A beta-binomial part of each older count: the spread says how unsure its share is.
        {{ exact_sum('(1 - share.spread) * abs(old.value) * share.weight * (1 - share.weight)') }}
            as chance,
        sqrt({{ exact_sum('share.spread * old.value * old.value * share.weight * (1 - share.weight)') }})
            as spread,
        max(old.as_of) as as_of
    from old
    inner join share
        on
            old.area_system = share.area_system
            and old.area_version = share.from_version
            and old.to_version = share.to_version
            and old.level = share.level
            and old.area_id = share.from_area_id
            and (old.carried_by = share.basis or (old.carried_by is null and share.is_default))
    where not old.is_unassigned
    group by all
),

-- An area above takes the figures of the nearest level that is carried over.
nearest as (
    select *
    from weighted
    qualify row_number() over (
        partition by measure_id, area_system, area_version, area_id, period_start, grain, group_id
        order by level_rank desc
    ) = 1
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
    cast(case when total is null then 'missing' else 'estimated' end as status) as status,
    case
        when total is null then 'keine Angabe im Gebietsstand ' || area_version
        else
            'umgerechnet vom Gebietsstand ' || area_version || ' auf ' || to_version
            || case basis
                when 'area' then ' nach Fläche'
                when 'population' then ' nach Bevölkerung'
                when 'events' then ' nach gezählten Ereignissen'
            end
            || case
                when measured_by_de is not null then ' (Fehler gemessen an: ' || measured_by_de || ')'
                when is_split then ' (Fehler nicht gemessen)'
                else ''
            end
            || case
                when missing_count > 0 then ', ohne ' || missing_count || ' frühere Gebiete ohne Angabe'
                else ''
            end
    end as reason,
    case
        when total is null then 'no figure in area version ' || area_version
        else
            'carried over from area version ' || area_version || ' to ' || to_version
            || case basis
                when 'area' then ' by area'
                when 'population' then ' by population'
                when 'events' then ' by counted events'
            end
            || case
                when measured_by_en is not null then ' (error measured by: ' || measured_by_en || ')'
                when is_split then ' (error not measured)'
                else ''
            end
            || case
                when missing_count > 0
                    then ', without ' || missing_count || ' earlier areas that have no figure'
                else ''
            end
    end as reason_en,
    as_of,
    cast('carried' as origin) as origin,
    chance as carried_chance,
    spread as carried_spread
from nearest

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
    cast('unchanged' as origin) as origin,
    old.missing_share
from old
inner join {{ source('declared', 'unchanged_level') }} as unchanged
    on
        old.area_system = unchanged.area_system
        and old.area_version = unchanged.from_version
        and old.to_version = unchanged.to_version
        and old.level = unchanged.level
