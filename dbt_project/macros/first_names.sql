{#- A list of names as text, the first five of them. -#}
{% macro first_names(names) -%}
array_to_string({{ names }}[:5], ', ') || case when len({{ names }}) > 5 then ' …' else '' end
{%- endmacro %}
