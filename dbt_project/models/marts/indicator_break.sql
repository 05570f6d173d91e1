-- From when on an indicator counts something else, because a measure behind it does; in words.
select
    behind.indicator_id,
    turn.measure_id,
    turn.since,
    turn.reason as what_de,
    turn.reason_en as what_en
from {{ source('declared', 'measure_break') }} as turn
inner join {{ source('declared', 'indicator_measure') }} as behind
    using (measure_id)
