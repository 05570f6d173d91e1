-- Which part of the people has an offer in reach: people of the finest areas, added up to every area above.
with people as (
    select *
    from {{ ref('indicator_part') }}
    where role = 'denominator' and group_id = 'all'
),

series as (
    select distinct
        indicator_id,
        area_system,
        area_version,
        period_start,
        grain
    from people
),

matched as (
    select
        reach.*,
        series.grain,
        people.value as people,
        people.status as people_status,
        people.reason as people_reason,
        people.reason_en as people_reason_en,
        people.as_of as people_as_of,
        coalesce(people.value = 0 or (people.value is not null and reach.share is not null), false)
            as is_known
    from {{ source('declared', 'access_reach') }} as reach
    inner join series
        using (indicator_id, area_system, area_version, period_start)
    left join people
        using (indicator_id, area_system, area_version, area_id, period_start, grain)
),

part as (
    select
        *,
        case when is_known then people end as known_people
    from matched
),

whole as (
    select
        part.indicator_id,
        part.area_system,
        part.area_version,
        lineage.ancestor_id as area_id,
        part.period_start,
        part.grain,
        count(*) as parts,
        list(part.area_id order by part.area_id) filter (where not part.is_known) as lacking,
        min(coalesce(part.people_status, 'missing')) filter (where part.people is null) as people_status,
        coalesce(
            min(coalesce(part.people_reason, 'Bezugsgröße fehlt')) filter (where part.people is null),
            min(part.reason) filter (where not part.is_known)
        ) as lacking_reason,
        coalesce(
            min(coalesce(part.people_reason_en, 'denominator missing')) filter (where part.people is null),
            min(part.reason_en) filter (where not part.is_known)
        ) as lacking_reason_en,
        min(part.people_reason) filter (where part.is_known) as people_reason,
        min(part.people_reason_en) filter (where part.is_known) as people_reason_en,
        min(part.reason) filter (where part.share is not null) as assumption,
        min(part.reason_en) filter (where part.share is not null) as assumption_en,
        {{ exact_sum('part.known_people') }} as people,
        {{ exact_sum('part.known_people * coalesce(part.share, 0)') }} as near,
        {{ exact_sum('part.known_people * coalesce(part.certain, 0)') }} as certain,
        {{ exact_sum('part.known_people * coalesce(part.possible, 0)') }} as possible,
        {{ exact_sum('part.known_people * coalesce(part.places, 0)') }} as places,
        max(part.people_as_of) as people_as_of,
        max(part.as_of) as list_as_of
    from part
    inner join {{ ref('stg_area_lineage') }} as lineage
        using (area_system, area_version, area_id)
    where
        not coalesce(part.period_start < lineage.begins or part.period_start > lineage.ends, false)
        or part.people is not null
    group by all
),

-- People of whom only a coarser area is known live nowhere on the map.
unplaced as (
    select distinct
        people.indicator_id,
        people.area_system,
        people.area_version,
        lineage.ancestor_id as area_id,
        people.period_start,
        people.grain
    from people
    inner join {{ ref('stg_area_lineage') }} as lineage
        using (area_system, area_version, area_id)
    where lineage.is_unassigned and people.value > 0
),

judged as (
    select
        whole.*,
        indicator.unit,
        case when whole.people > 0 and indicator.interval = 'placing' then whole.people end as bounded,
        access.counts,
        coalesce(len(whole.lacking), 0) as lacking_count,
        unplaced.area_id is not null as has_unplaced,
        case
            when whole.people > 0 then 'estimated'
            when len(whole.lacking) > 0 then coalesce(whole.people_status, 'missing')
            else 'missing'
        end as status
    from whole
    inner join {{ source('declared', 'indicator') }} as indicator
        using (indicator_id)
    inner join {{ source('declared', 'indicator_access') }} as access
        using (indicator_id)
    left join unplaced
        using (indicator_id, area_system, area_version, area_id, period_start, grain)
)

select
    indicator_id,
    area_system,
    area_version,
    area_id,
    period_start,
    grain,
    'all' as group_id,
    cast(case when status = 'estimated' then if(counts = 'places', places, near) end as double) as numerator,
    cast(case when status = 'estimated' then people end as double) as denominator,
    cast(case
        when status != 'estimated' then null
        when counts = 'places' then places / people
        else 100 * near / people
    end as double) as value,
    unit,
    cast(100 * certain / bounded as double) as low,
    cast(100 * possible / bounded as double) as high,
    status,
    case
        when status = 'estimated'
            then concat_ws(
                '; ',
                case
                    when lacking_count > 0
                        then
                            'ohne ' || lacking_count || ' von ' || parts || ' Gebieten: '
                            || {{ first_names('lacking') }} || ' (' || lacking_reason || ')'
                end,
                case when has_unplaced then 'ohne Menschen, deren Gebiet nicht bekannt ist' end,
                people_reason,
                assumption
            )
        when lacking_count > 0 then lacking_reason
        else 'Bezugsgröße ist 0'
    end as reason,
    case
        when status = 'estimated'
            then concat_ws(
                '; ',
                case
                    when lacking_count > 0
                        then
                            'without ' || lacking_count || ' of ' || parts || ' areas: '
                            || {{ first_names('lacking') }} || ' (' || lacking_reason_en || ')'
                end,
                case when has_unplaced then 'without people whose area is not known' end,
                people_reason_en,
                assumption_en
            )
        when lacking_count > 0 then lacking_reason_en
        else 'denominator is 0'
    end as reason_en,
    greatest(coalesce(people_as_of, list_as_of), coalesce(list_as_of, people_as_of)) as as_of,
    -- Each part of the people that value or limits could be solved for.
    cast(case
        when status = 'estimated' and counts = 'places' then people
        when status = 'estimated'
            then least(
                people,
                nullif(near, 0),
                nullif(people - near, 0),
                nullif(certain, 0),
                nullif(people - possible, 0)
            )
    end as double) as smallest_count
from judged
where people_as_of is not null
