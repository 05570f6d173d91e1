{#-
Codes that are compared and stored millions of times are types of their own in staging and core (ENUM), so
that a table holds small numbers in place of texts. Marts, and a city's own models, read texts.

The types are made from the declared areas before a warehouse is built (orchestration/warehouse.py); a
changed list of areas means building everything anew. A column has such a type where its `data_type`
says so.
-#}
{% macro code_types() -%}
    {%- do return(['area_system', 'area_version', 'area_id', 'grain', 'status', 'origin']) -%}
{%- endmacro %}

{% macro reads_texts(node) -%}
    {%- do return(node.schema == 'marts' or 'city' in node.fqn) -%}
{%- endmacro %}

{#- A source whose codes have their types, or a model whose codes are texts again. -#}
{% macro with_codes(relation, node, as_texts) -%}
    {%- set casts = [] -%}
    {%- for column in node.columns.values() if column.data_type in code_types() -%}
        {%- set type = 'varchar' if as_texts else column.data_type -%}
        {%- do casts.append('cast(' ~ column.name ~ ' as ' ~ type ~ ') as ' ~ column.name) -%}
    {%- endfor -%}
    {%- if casts -%}
        {%- do return('(select * replace (' ~ casts | join(', ') ~ ') from ' ~ relation ~ ')') -%}
    {%- endif -%}
    {%- do return(relation) -%}
{%- endmacro %}
