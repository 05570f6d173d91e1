-- What the checks of the contracts said, and where two departments count the same thing.
with latest as (
    select
        source_id,
        delivery_id
    from {{ ref('delivery') }}
    where state != 'rejected'
    qualify row_number() over (partition by source_id order by as_of desc, file_name desc) = 1
),

controlled as (
    select
        measure.source_id,
        control.measure_id,
        control.control_of,
        count(*) filter (where control.verdict = 'differs') as differing,
        count(*) filter (where control.verdict != 'missing') as compared
    from {{ ref('control_total') }} as control
    inner join {{ source('declared', 'measure') }} as measure
        on control.measure_id = measure.measure_id
    group by all
)

select
    result.delivery_id,
    result.source_id,
    result.check_id,
    result.severity,
    result.passed,
    result.observed,
    result.expected,
    result.description,
    result.description_en
from {{ source('ledger', 'check_result') }} as result
where result.delivery_id in (select known.delivery_id from {{ ref('delivery') }} as known)

union all

select
    latest.delivery_id,
    controlled.source_id,
    'control_total:' || controlled.measure_id as check_id,
    case when controlled.compared > 0 then 'warning' else 'info' end as severity,
    case when controlled.compared > 0 then controlled.differing = 0 end as passed,
    case when controlled.compared > 0 then cast(controlled.differing as double) end as observed,
    case when controlled.compared > 0 then cast(0 as double) end as expected,
    'Zwei Fachbereiche zählen dasselbe (' || controlled.measure_id || ' und ' || controlled.control_of
    || '): '
    || case
        when controlled.compared = 0 then 'noch nichts zu vergleichen.'
        when controlled.differing = 0 then 'die Zahlen stimmen überein.'
        else
            controlled.differing || ' von ' || controlled.compared
            || ' Zahlen weichen ab. Wer weiß, warum?'
    end as description,
    'Two departments count the same thing (' || controlled.measure_id || ' and '
    || controlled.control_of || '): '
    || case
        when controlled.compared = 0 then 'nothing to compare yet.'
        when controlled.differing = 0 then 'the figures agree.'
        else
            controlled.differing || ' of ' || controlled.compared
            || ' figures differ. Who knows why?'
    end as description_en
from controlled
inner join latest
    on controlled.source_id = latest.source_id
