{#-
How far a value carried over may be off, in words and with 95 % certainty: of a count, or of both sides
of a fraction. Empty where nothing was carried over or its error was not measured.
-#}
{% macro carried_words(numerator, denominator, is_fraction, language) -%}
{%- set words = {
    'de': {'error': 'Umrechnungsfehler', 'numerator': 'Zähler', 'denominator': 'Nenner'},
    'en': {'error': 'error of carrying over', 'numerator': 'numerator', 'denominator': 'denominator'},
}[language] -%}
coalesce(
    '; {{ words.error }} ' || case
        when not {{ is_fraction }} then {{ percent_off(numerator) }}
        else nullif(concat_ws(
            ', ',
            '{{ words.numerator }} ' || {{ percent_off(numerator) }},
            '{{ words.denominator }} ' || {{ percent_off(denominator) }}
        ), '')
    end,
    ''
)
{%- endmacro %}

{#- A relative standard deviation as `± 12 %`; null stays null. -#}
{% macro percent_off(deviation) -%}
case
    when 1.959963984540054 * {{ deviation }} > 1 then '> ± 100 %'
    when 1.959963984540054 * {{ deviation }} < 0.01 then '< ± 1 %'
    else '± ' || cast(round(196 * {{ deviation }}) as bigint) || ' %'
end
{%- endmacro %}
