{#-
What a city's own model reads: the measures and indicators that its indicator declares, and the areas with
all areas above them. Nothing else is open to it, so that what is declared is what it was computed from.
-#}
{% macro declared_measures() -%}
(
    select value.*
    from {{ ref('measure_value') }} as value
    inner join {{ source('declared', 'indicator_read') }} as read
        on value.measure_id = read.read_id and read.kind = 'measure'
    where read.model_id = '{{ this.name }}'
)
{%- endmacro %}

{% macro declared_indicators() -%}
(
    select figure.*
    from {{ ref('indicator_figure') }} as figure
    inner join {{ source('declared', 'indicator_read') }} as read
        on figure.indicator_id = read.read_id and read.kind = 'indicator'
    where read.model_id = '{{ this.name }}'
)
{%- endmacro %}

{% macro declared_areas() -%}
{{ ref('stg_area_lineage') }}
{%- endmacro %}

{#- A value has none of the words for a missing one, and what is missing says why in both languages. -#}
{% test says_why(model) %}
select *
from {{ model }}
where
    status not in ('observed', 'provisional', 'estimated', 'suppressed', 'missing', 'not_collected', 'not_comparable')
    or (value is null) != (status in ('suppressed', 'missing', 'not_collected', 'not_comparable'))
    or (value is null and (reason is null or reason_en is null))
    or (value is null and (low is not null or high is not null))
    or low > value
    or high < value
    or not isfinite(value)
{% endtest %}

{% test of_declared_areas(model) %}
select model.*
from {{ model }} as model
anti join {{ source('declared', 'area') }} as area
    using (area_system, area_version, area_id)
{% endtest %}
