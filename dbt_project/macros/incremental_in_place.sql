{#-
A model told apart by a key: made as a whole, or the rows of what was touched in place of those before (what
is gone for good goes too), in one transaction and without a table in between. Where there are batches of
measures, one after the other.
-#}
{% materialization incremental, adapter='duckdb', supported_languages=['sql'] %}
    {%- set key = config.require('unique_key') -%}
    {%- set target = this.incorporate(type='table') -%}
    {%- set before = load_cached_relation(this) -%}
    {%- set ids = touched_ids(model, key, false) -%}
    {{ run_hooks(pre_hooks) }}
    {%- if ids is not none -%}
        {%- call statement('gone') -%}
            delete from {{ target }} where {{ among(key, ids) }}
        {%- endcall -%}
    {%- elif before is not none -%}
        {%- do adapter.drop_relation(before) -%}
    {%- endif -%}
    {%- for batch in batches(model) or [{'measures': ids or [], 'sources': []}] -%}
        {%- set sql = compiled_code | replace(of_the_batch(), batch.measures | join("', '")) -%}
        {%- set sql = sql | replace(sources_of_the_batch(), batch.sources | join("', '")) -%}
        {%- call statement('main') -%}
            {%- if ids is none and loop.first -%}
                {{ create_table_as(False, target, sql) }}
            {%- else -%}
                insert into {{ target }} by name
                select * from ({{ sql }}) {% if ids is not none %}where {{ among(key, batch.measures) }}{% endif %}
            {%- endif -%}
        {%- endcall -%}
    {%- endfor -%}
    {%- do persist_docs(target, model) -%}
    {{ run_hooks(post_hooks) }}
    {{ adapter.commit() }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}
