{#-
Fails where several rows share a key of several columns. Keys are told apart by a number made of them
first; only rows that share it are compared themselves.
-#}
{% test unique_together(model, columns) %}
with shared as (
    select hash({{ columns | join(', ') }}) as number
    from {{ model }}
    group by all
    having count(*) > 1
)

select {{ columns | join(', ') }}
from {{ model }}
where hash({{ columns | join(', ') }}) in (select shared.number from shared)
group by all
having count(*) > 1
{% endtest %}
