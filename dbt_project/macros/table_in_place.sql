{#-
A table made anew takes the place of the one before in one transaction. dbt's own way builds it beside the
old one and renames both, for readers at work meanwhile and for foreign keys: here neither exists, and a
warehouse left half-written is thrown away.
-#}
{% materialization table, adapter='duckdb', supported_languages=['sql'] %}
    {%- set target = this.incorporate(type='table') -%}
    {%- set before = load_cached_relation(this) -%}
    {{ run_hooks(pre_hooks) }}
    {%- if before is not none -%}
        {%- do adapter.drop_relation(before) -%}
    {%- endif -%}
    {%- call statement('main') -%}
        {{ create_table_as(False, target, compiled_code) }}
    {%- endcall -%}
    {%- do persist_docs(target, model) -%}
    {{ run_hooks(post_hooks) }}
    {{ adapter.commit() }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}
