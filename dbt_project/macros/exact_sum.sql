{#- A sum that does not depend on the order of rows or threads: added as decimals, given back as a number. -#}
{% macro exact_sum(expression) -%}
cast(sum(cast({{ expression }} as decimal(38, 12))) as double)
{%- endmacro %}

{#- A number as such a sum would give it back. -#}
{% macro exact(expression) -%}
cast(cast({{ expression }} as decimal(38, 12)) as double)
{%- endmacro %}
