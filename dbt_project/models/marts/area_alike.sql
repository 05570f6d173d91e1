-- The areas alike of each area: the nearest in the standardised context, if enough of them are near.
with complete as (
    select *
    from {{ ref('area_context') }}
    qualify count(*) filter (where value is null) over (partition by reference_set_id, area_id) = 0
),

centre as (
    select
        reference_set_id,
        indicator_id,
        {{ exact_sum('value') }} / count(*) as mean
    from complete
    group by all
),

spread as (
    select
        complete.reference_set_id,
        complete.indicator_id,
        sqrt({{ exact_sum('power(complete.value - centre.mean, 2)') }} / count(*)) as standard_deviation
    from complete
    inner join centre
        using (reference_set_id, indicator_id)
    group by all
),

-- Where all areas are equal in something, they do not differ by it.
scored as (
    select
        complete.*,
        coalesce(complete.value / nullif(spread.standard_deviation, 0), 0) as score
    from complete
    inner join spread
        using (reference_set_id, indicator_id)
),

pair as (
    select
        own.reference_set_id,
        own.area_system,
        own.area_version,
        own.area_id,
        other.area_id as alike_area_id,
        round(sqrt({{ exact_sum('power(own.score - other.score, 2)') }} / count(*)), 9) as distance,
        greatest(max(own.as_of), max(other.as_of)) as as_of
    from scored as own
    inner join scored as other
        on
            own.reference_set_id = other.reference_set_id
            and own.indicator_id = other.indicator_id
            and own.area_id != other.area_id
    group by all
),

near as (
    select
        pair.*,
        reference.at_least,
        reference.at_most,
        count(*) over (partition by pair.reference_set_id, pair.area_id) as near_count,
        row_number() over (
            partition by pair.reference_set_id, pair.area_id
            order by pair.distance, pair.alike_area_id
        ) as place
    from pair
    inner join {{ source('declared', 'reference_set') }} as reference
        using (reference_set_id)
    where pair.distance <= reference.within
)

select
    reference_set_id,
    area_system,
    area_version,
    area_id,
    alike_area_id,
    distance,
    as_of
from near
where near_count >= at_least and place <= at_most
