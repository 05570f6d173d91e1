{#- Percent of the way from baseline to target; at the baseline a plain 0, which division would make -0. -#}
{% macro part_of_way(value) -%}
if({{ value }} = baseline, 0, 100 * ({{ value }} - baseline) / (target - baseline))
{%- endmacro %}
