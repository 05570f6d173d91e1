{#-
What tables and columns mean, written into the warehouse in one statement: dbt's own way looks each table's
columns up three times. That every declared column is there is held by a test of the project. Where rows of
an incremental model were replaced, its words have stayed.
-#}
{% macro duckdb__persist_docs(relation, model, for_relation, for_columns) -%}
    {%- if model.config.materialized == 'incremental' and touched('measures') is not none -%}
        {%- do return(none) -%}
    {%- endif -%}
    {%- set said -%}
        comment on table {{ relation }} is {{ duckdb_escape_comment(model.description) }};
        {%- for name, column in model.columns.items() %}
        comment on column {{ relation }}.{{ adapter.quote(name) }} is {{ duckdb_escape_comment(column.description) }};
        {%- endfor -%}
    {%- endset -%}
    {%- do run_query(said) -%}
{%- endmacro %}
