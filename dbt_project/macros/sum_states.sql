{#-
The states of sums, from the states of their parts, one row per sum and day on which a part changed.

A part changes its sum by the difference to the part's state before; the changes are added up along
the days, as decimals, so that no sum is computed anew for each day. A sum has a value while as many
parts are known as its column `wanted` says. `parts` is a relation with the columns of `part` and
`whole`, `wanted`, `value`, `status` and `as_of`; `known` says when a part counts as known.
-#}
{% macro sum_states(parts, part, whole, known='value is not null') -%}
{% set number = 'cast(case when ' ~ known ~ ' then value else 0 end as decimal(38, 12))' -%}
{% set flags = {
    'known': known,
    'estimated': "status = 'estimated'",
    'provisional': "status = 'provisional'",
    'suppressed': "status = 'suppressed'",
} -%}
with changed as (
    select
        {{ whole | join(',\n        ') }},
        wanted,
        as_of,
        {% for name, condition in flags.items() -%}
        cast({{ condition }} as integer)
        - coalesce(lag(cast({{ condition }} as integer)) over states, 0) as {{ name }}_change,
        {% endfor -%}
        {{ number }} - coalesce(lag({{ number }}) over states, 0) as value_change
    from {{ parts }}
    window states as (partition by {{ part | join(', ') }} order by as_of)
),

daily as (
    select
        {{ whole | join(',\n        ') }},
        as_of,
        any_value(wanted) as wanted,
        {% for name in flags -%}
        sum({{ name }}_change) as {{ name }}_change,
        {% endfor -%}
        sum(value_change) as value_change
    from changed
    group by {{ whole | join(', ') }}, as_of
),

running as (
    select
        *,
        {% for name in flags -%}
        sum({{ name }}_change) over days as {{ name }}_parts,
        {% endfor -%}
        sum(value_change) over days as total
    from daily
    window days as (
        partition by {{ whole | join(', ') }}
        order by as_of
        rows between unbounded preceding and current row
    )
)

select
    {{ whole | join(',\n    ') }},
    case when known_parts = wanted then cast(total as double) end as value,
    case
        when known_parts < wanted and suppressed_parts > 0 then 'suppressed'
        when known_parts < wanted then 'missing'
        when estimated_parts > 0 then 'estimated'
        when provisional_parts > 0 then 'provisional'
        else 'observed'
    end as status,
    as_of
from running
{%- endmacro %}
