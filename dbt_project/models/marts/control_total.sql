-- The same thing counted by two departments: what both say of the whole municipality.
with controlled as (
    select
        value.*,
        measure.control_of,
        measure.control_tolerance,
        measure.control_tolerance_share
    from {{ ref('measure_value') }} as value
    inner join {{ source('declared', 'measure') }} as measure
        using (measure_id)
    inner join {{ source('declared', 'area') }} as area
        using (area_system, area_version, area_id)
    where
        measure.control_of is not null
        and area.parent_id is null
        and value.group_id = 'all'
        and value.origin != 'unchanged'
),

compared as (
    select
        controlled.measure_id,
        controlled.control_of,
        controlled.area_system,
        controlled.area_version,
        controlled.area_id,
        controlled.period_start,
        controlled.grain,
        cast(controlled.value as double) as value,
        cast(owner.value as double) as control_value,
        cast(controlled.value - owner.value as double) as difference,
        greatest(
            coalesce(controlled.control_tolerance, 0.5),
            coalesce(controlled.control_tolerance_share, 0) * abs(owner.value)
        ) as tolerance,
        controlled.reason,
        controlled.reason_en
    from controlled
    left join {{ ref('measure_value') }} as owner
        on
            controlled.control_of = owner.measure_id
            and controlled.area_system = owner.area_system
            and controlled.area_version = owner.area_version
            and controlled.area_id = owner.area_id
            and controlled.period_start = owner.period_start
            and controlled.grain = owner.grain
            and controlled.group_id = owner.group_id
)

select
    measure_id,
    control_of,
    area_system,
    area_version,
    area_id,
    period_start,
    grain,
    value,
    control_value,
    difference,
    case
        when difference is null then 'missing'
        when abs(difference) <= tolerance then 'equal'
        else 'differs'
    end as verdict,
    case
        when difference is null then 'Vergleichszahl fehlt.'
        when abs(difference) < 0.5 then 'Beide Zahlen stimmen überein.'
        when abs(difference) <= tolerance then 'Beide Zahlen stimmen im vereinbarten Rahmen überein.'
        else
            'Die Zahlen unterscheiden sich um ' || cast(round(difference) as bigint)
            || coalesce(' (' || reason || ')', '') || '. Wer weiß, warum?'
    end as text_de,
    case
        when difference is null then 'Nothing to compare with.'
        when abs(difference) < 0.5 then 'Both figures agree.'
        when abs(difference) <= tolerance then 'Both figures agree within the declared tolerance.'
        else
            'The figures differ by ' || cast(round(difference) as bigint)
            || coalesce(' (' || reason_en || ')', '') || '. Who knows why?'
    end as text_en
from compared
