{#-
Recomputing only what a delivery or a declaration touches.

`WIRKRAUM_TOUCHED` names the measures and indicators touched since the last build; it is empty where the
warehouse is built from nothing. Then a model that is `incremental` reads, of each model with a
`unique_key` and of the lake, only what these need, and replaces their rows alone. All other models are
made as a whole. A model of measures is followed for the touched measures; one that says so in its meta
(`also_of_touched_indicators`), for all measures of the touched indicators.

`WIRKRAUM_BATCHES` lists the measures in batches, with the sources they lie in, where the lake is too large to
be computed at once; it is empty where one batch is enough. A model that reads each measure by itself is then made batch by batch
(macros/incremental_in_place.sql).
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

{#- The batches of measures a model is made in; none where it is made at once. -#}
{% macro batches(node) -%}
    {%- set known = env_var('WIRKRAUM_BATCHES', '') -%}
    {%- set by_measure = node.config.unique_key == 'measure_id' and not node.config.meta.also_of_touched_indicators -%}
    {%- do return(fromjson(known) if execute and known and by_measure else []) -%}
{%- endmacro %}

{#- Stand in the text of such a model for the measures of the batch and for their sources. -#}
{% macro of_the_batch() -%}
    {%- do return('<the batch>') -%}
{%- endmacro %}

{% macro sources_of_the_batch() -%}
    {%- do return('<its sources>') -%}
{%- endmacro %}

{#- Of the lake, or of a view of it, only files in which there is something of the batch. -#}
{% macro only_its_files(node, relation) -%}
    {%- do return(only_of(relation, 'source_id', [sources_of_the_batch()] if batches(node) else none)) -%}
{%- endmacro %}

{#- What an incremental model needs of one that is told apart by `key`. -#}
{% macro inputs_of(node, key) -%}
    {%- do return([of_the_batch()] if key == 'measure_id' and batches(node) else touched_ids(node, key, true)) -%}
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
    {%- if model.config.materialized == 'incremental' and node.config.unique_key -%}
        {%- set relation = only_its_files(model, relation) if node.name == 'stg_observation' else relation -%}
        {%- set relation = only_of(relation, node.config.unique_key, inputs_of(model, node.config.unique_key)) -%}
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
    {%- set relation = source_in_texts(group, name) -%}
    {%- if not execute or model.resource_type != 'model' or reads_texts(model) -%}
        {%- do return(relation) -%}
    {%- endif -%}
    {%- do return(with_codes(relation, graph.sources['source.wirkraum.' ~ group ~ '.' ~ name], as_texts=false)) -%}
{%- endmacro %}

{#- A source with codes as they lie in its files; to turn them into their types costs more than to read them. -#}
{% macro source_in_texts(group, name) -%}
    {%- set relation = where_it_lies(builtins.source(group, name)) -%}
    {%- if not execute or model.resource_type != 'model' -%}
        {%- do return(relation) -%}
    {%- endif -%}
    {%- if model.config.materialized == 'incremental' -%}
        {%- if group == 'lake' -%}
            {%- set relation = only_of(only_its_files(model, relation), 'measure_id', inputs_of(model, 'measure_id')) -%}
        {%- elif name.startswith('indicator') and model.config.unique_key == 'indicator_id' -%}
            {%- set relation = only_of(relation, 'indicator_id', touched_ids(model, 'indicator_id', true)) -%}
        {%- endif -%}
    {%- endif -%}
    {%- do return(relation) -%}
{%- endmacro %}

{#- Tests look at the rows that were made anew, those of a view over incremental models too. -#}
{% macro get_where_subquery(relation) -%}
    {%- set node = graph.nodes.get(model.attached_node) if execute -%}
    {%- set key = node.config.unique_key if node -%}
    {%- if key and node.config.materialized == 'view' -%}
        {%- do return(only_of(relation, key, touched('measures' if key == 'measure_id' else 'indicators'))) -%}
    {%- elif key -%}
        {%- do return(only_of(relation, key, touched_ids(node, key, false))) -%}
    {%- endif -%}
    {%- do return(relation) -%}
{%- endmacro %}
