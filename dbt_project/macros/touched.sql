{#-
Recomputing only what a delivery or a declaration touches.

`WIRKRAUM_TOUCHED` names the measures and indicators touched since the last build; it is empty where the
warehouse is built from nothing. Then a model that is `incremental` reads, of each model with a
`unique_key` and of the lake, only what these need, and replaces their rows alone. All other models are
made as a whole. A model of measures is followed for the touched measures; one that says so in its meta
(`also_of_touched_indicators`), for all measures of the touched indicators.
-#}
{% macro touched(name) -%}
    {%- set known = env_var('WIRKRAUM_TOUCHED', '') -%}
    {%- do return(fromjson(known)[name] if known else none) -%}
{%- endmacro %}

{#- The measures or indicators of which a model is written (`outputs`) or reads (`inputs`); none: all. -#}
{% macro touched_ids(node, key, inputs) -%}
    {%- if not execute or node.config.materialized != 'incremental' -%}
        {%- do return(none) -%}
    {%- elif key == 'indicator_id' -%}
        {%- do return(touched('indicators_needed' if inputs else 'indicators')) -%}
    {%- elif node.config.unique_key == 'indicator_id' or node.config.meta.also_of_touched_indicators -%}
        {%- do return(touched('measures_needed')) -%}
    {%- else -%}
        {%- do return(touched('measures')) -%}
    {%- endif -%}
{%- endmacro %}

{% macro only_of(relation, key, ids) -%}
    {%- do return(relation if ids is none else '(select * from ' ~ relation ~ ' where ' ~ among(key, ids) ~ ')') -%}
{%- endmacro %}

{% macro among(key, ids) -%}
    {%- do return(key ~ " in ('" ~ ([''] + ids) | join("', '") ~ "')") -%}
{%- endmacro %}

{% macro ref() -%}
    {%- set relation = builtins.ref(*varargs, **kwargs) -%}
    {%- if not execute or model.resource_type != 'model' -%}
        {%- do return(relation) -%}
    {%- endif -%}
    {%- set node = graph.nodes['model.wirkraum.' ~ varargs[-1]] -%}
    {%- if model.config.materialized == 'incremental' and node.config.unique_key and touched('measures') is not none -%}
        {%- set ids = touched_ids(model, node.config.unique_key, true) -%}
        {%- set relation = only_of(relation, node.config.unique_key, ids) -%}
    {%- endif -%}
    {%- do return(with_codes(relation, node, as_texts=true) if reads_texts(model) else relation) -%}
{%- endmacro %}

{#- A place is named when a model runs, not when it is parsed: what is parsed serves every municipality. -#}
{% macro where_it_lies(relation) -%}
    {%- if not execute or not relation.external -%}
        {%- do return(relation) -%}
    {%- endif -%}
    {%- set lies = namespace(path=relation.external) -%}
    {%- for name in ['WIRKRAUM_LAKE', 'WIRKRAUM_INPUTS'] -%}
        {%- set lies.path = lies.path | replace('$' ~ name, env_var(name) | replace("'", "''")) -%}
    {%- endfor -%}
    {%- do return(relation.replace(external=lies.path)) -%}
{%- endmacro %}

{% macro source(group, name) -%}
    {%- set relation = where_it_lies(builtins.source(group, name)) -%}
    {%- if not execute or model.resource_type != 'model' -%}
        {%- do return(relation) -%}
    {%- endif -%}
    {%- if model.config.materialized == 'incremental' -%}
        {%- if group == 'lake' -%}
            {%- set relation = only_of(relation, 'measure_id', touched_ids(model, 'measure_id', true)) -%}
        {%- elif name.startswith('indicator') and model.config.unique_key == 'indicator_id' -%}
            {%- set relation = only_of(relation, 'indicator_id', touched_ids(model, 'indicator_id', true)) -%}
        {%- endif -%}
    {%- endif -%}
    {%- set node = graph.sources['source.wirkraum.' ~ group ~ '.' ~ name] -%}
    {%- do return(relation if reads_texts(model) else with_codes(relation, node, as_texts=false)) -%}
{%- endmacro %}

{#- The rows of what was touched, in place of those before; what is gone for good goes too. -#}
{% macro get_incremental_touched_sql(arguments) -%}
    {%- set key = arguments['unique_key'] -%}
    {%- set written = among(key, touched_ids(model, key, false)) -%}
    {%- set columns = get_quoted_csv(arguments['dest_columns'] | map(attribute='name')) -%}
    delete from {{ arguments['target_relation'] }} where {{ written }};
    insert into {{ arguments['target_relation'] }} ({{ columns }})
    select {{ columns }} from {{ arguments['temp_relation'] }} where {{ written }}
{%- endmacro %}

{#- Tests look at the rows that were made anew. -#}
{% macro get_where_subquery(relation) -%}
    {%- set node = graph.nodes.get(model.attached_node) if execute -%}
    {%- if node and node.config.materialized == 'incremental' -%}
        {%- do return(only_of(relation, node.config.unique_key, touched_ids(node, node.config.unique_key, false))) -%}
    {%- endif -%}
    {%- do return(relation) -%}
{%- endmacro %}
