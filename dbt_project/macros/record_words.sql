{#- A figure to three digits as people write it. -#}
{% macro rounded_figure(figure, language) -%}
{%- set digits -%}
case when {{ figure }} = 0 then 0.0 else round({{ figure }}, 2 - cast(floor(log10(abs({{ figure }}))) as integer)) end
{%- endset -%}
{{ goal_number(digits, language) }}
{%- endmacro %}

{#- So many periods of a grain, in words. -#}
{% macro periods_in_words(number, grain, language) -%}
{%- set words = {
    'de': {
        'month': ['Monat', 'Monate'], 'quarter': ['Quartal', 'Quartale'],
        'half_year': ['Halbjahr', 'Halbjahre'], 'year': ['Jahr', 'Jahre'],
    },
    'en': {
        'month': ['month', 'months'], 'quarter': ['quarter', 'quarters'],
        'half_year': ['half-year', 'half-years'], 'year': ['year', 'years'],
    },
}[language] -%}
{{ number }} || ' ' || case {{ grain }}
    {%- for code, both in words.items() %}
    when '{{ code }}' then if({{ number }} = 1, '{{ both[0] }}', '{{ both[1] }}')
    {%- endfor %}
end
{%- endmacro %}

{#- How often published forecasts held, in words; what is too little is said too. -#}
{% macro record_text(language) -%}
{%- set words = {
    'de': {
        'under': 'Unter den Annahmen von ',
        'acted': 'Danach wurde etwas beschlossen oder begonnen; abgewendeter Schaden ist kein Fehler. ',
        'few': 'Zu wenig, um etwas daraus zu schließen: bisher ',
        'one': ' Voraussage ', 'many': ' Voraussagen ',
        'one_nowcast': ' Hochrechnung ', 'many_nowcast': ' Hochrechnungen ',
        'same': 'noch in demselben Zeitraum', 'ahead': ' voraus', 'after': ' danach',
        'of': 'Von ', 'over': ' über ', 'inside_80': ' lagen ', 'inside_95': ' im 80-%-Bereich und ',
        'expected': ' im 95-%-Bereich (erwartet: ', 'and': ' und ', 'error': '); im Mittel ',
        'off': ' daneben', 'simple': ', ohne Verfahren ',
    },
    'en': {
        'under': 'Under the assumptions of ',
        'acted': 'Afterwards something was decided or begun; averted harm is not an error. ',
        'few': 'Too few to say anything: so far ',
        'one': ' forecast ', 'many': ' forecasts ',
        'one_nowcast': ' nowcast ', 'many_nowcast': ' nowcasts ',
        'same': 'within the same period', 'ahead': ' ahead', 'after': ' later',
        'of': 'Of ', 'over': ' of ', 'inside_80': ', ', 'inside_95': ' lay within the 80 % range and ',
        'expected': ' within the 95 % range (expected: ', 'and': ' and ', 'error': '); off by ',
        'off': ' on average', 'simple': ', without a model by ',
    },
}[language] -%}
if(scenario_id = 'trend', '', '{{ words.under }}' || scenario_id || ': ')
|| if(acted_on, '{{ words.acted }}', '')
|| if(enough, '{{ words.of }}', '{{ words.few }}')
|| scored
|| case
    when kind = 'nowcast' then if(scored = 1, '{{ words.one_nowcast }}', '{{ words.many_nowcast }}')
    else if(scored = 1, '{{ words.one }}', '{{ words.many }}')
end
|| case
    when ahead > 0 then {{ periods_in_words('ahead', 'grain', language) }} || '{{ words.ahead }}'
    when ahead < 0 then {{ periods_in_words('(-ahead)', 'grain', language) }} || '{{ words.after }}'
    else '{{ words.same }}'
end
|| '{{ words.over }}' || {{ periods_in_words('periods', 'grain', language) }}
|| if(
    enough,
    '{{ words.inside_80 }}' || inside_80 || '{{ words.inside_95 }}' || inside_95
    || '{{ words.expected }}' || {{ goal_number('round(0.8 * scored, 0)', language) }}
    || '{{ words.and }}' || {{ goal_number('round(0.95 * scored, 0)', language) }}
    || '{{ words.error }}' || {{ rounded_figure('absolute_error', language) }} || '{{ words.off }}'
    || coalesce('{{ words.simple }}' || {{ rounded_figure('simple_error', language) }}, ''),
    ''
)
|| '.'
{%- endmacro %}

{#- A reason, and whether looks so far ahead have been checked often enough to be more than a scenario. -#}
{% macro checked_words(reason, language) -%}
{%- set words = {
    'de': {
        'never': 'Eher ein Szenario als ein Ausblick: so weit voraus ließ sich noch nie nachprüfen, wie gut solche Aussagen sind.',
        'some': 'Eher ein Szenario als ein Ausblick: so weit voraus ließ sich erst aus ',
        'rest': ' nachprüfen, wie gut solche Aussagen sind (nötig: 3).',
        'one': ' früheren Stand', 'many': ' früheren Ständen',
    },
    'en': {
        'never': 'A scenario rather than a look ahead: how good statements so far ahead are could never be checked yet.',
        'some': 'A scenario rather than a look ahead: how good statements so far ahead are could be checked from ',
        'rest': ' only (it takes 3).',
        'one': ' earlier state', 'many': ' earlier states',
    },
}[language] -%}
nullif(concat_ws(
    ' ',
    {{ reason }},
    case
        when origins = 0 then '{{ words.never }}'
        when origins < 3
            then
                '{{ words.some }}' || origins
                || if(origins = 1, '{{ words.one }}', '{{ words.many }}') || '{{ words.rest }}'
    end
), '')
{%- endmacro %}
