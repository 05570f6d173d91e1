{#-
Whether a sum stands beside one over clearly more areas: their ratio would be of no area at all.
`of` is a row of core.indicator_ratio.
-#}
{% macro sides_differ(of) -%}
(
    abs(coalesce({{ of }}.missing_share, 0) - coalesce({{ of }}.denominator_missing_share, 0))
    > {{ var('sides_may_differ_by') }}
)
{%- endmacro %}

{#- The reason of the side that lacks more areas. -#}
{% macro fewer_areas(reason) -%}
case
    when coalesce(missing_share, 0) > coalesce(denominator_missing_share, 0) then {{ reason }}
    else denominator_{{ reason }}
end
{%- endmacro %}
