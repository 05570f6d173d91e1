{#-
95 % limits of a count by Byar's approximation to the exact Poisson limits (Breslow & Day 1987, p. 69).
For counts carried over that are parts of a case the lower one would fall below 0; it stops there.
-#}
{% macro byar_low(cases) -%}
case when {{ cases }} > 0 then {{ cases }} * power(
    greatest(1 - 1 / (9 * {{ cases }}) - 1.959963984540054 / (3 * sqrt({{ cases }})), 0), 3
) else 0.0 end
{%- endmacro %}

{% macro byar_high(cases) -%}
({{ cases }} + 1) * power(
    1 - 1 / (9 * ({{ cases }} + 1)) + 1.959963984540054 / (3 * sqrt({{ cases }} + 1)), 3
)
{%- endmacro %}

{#- 95 % limits of a proportion by Wilson's score method (Wilson 1927); sign is - or +. -#}
{% macro wilson(part, whole, sign) -%}
(
    2 * {{ part }} + 3.841458820694124
    {{ sign }} 1.959963984540054 * sqrt(greatest(
        3.841458820694124 + 4 * {{ part }} * (1 - {{ part }} / {{ whole }}), 0
    ))
) / (2 * ({{ whole }} + 3.841458820694124))
{%- endmacro %}
