{#-
Which steps in time go over a declared break of one of the measures behind them, with what changed.

`steps` is a relation with `indicator_id`, `from_start` and `to_start`, the first days of two periods,
and `grain`. A break within the later period counts: that period is counted in both ways. Stocks begin and
end on their reporting date, the last day of a month.
-#}
{% macro broken_steps(steps) -%}
select
    step.indicator_id,
    step.from_start,
    step.to_start,
    step.grain,
    max_by(turn.reason, turn.since) as break_reason,
    max_by(turn.reason_en, turn.since) as break_reason_en
from (
    select distinct
        indicator_id,
        from_start,
        to_start,
        grain
    from {{ steps }}
) as step
inner join {{ source('declared', 'indicator_measure') }} as behind
    on step.indicator_id = behind.indicator_id
inner join {{ source('declared', 'measure_break') }} as turn
    on
        behind.measure_id = turn.measure_id
        and step.from_start < turn.since
        and turn.since <= case
            when step.to_start = last_day(step.to_start) then step.to_start
            else {{ period_end('step.to_start', 'step.grain', 'false') }}
        end
group by all
{%- endmacro %}
