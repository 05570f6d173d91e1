{#-
In how many of ten futures drawn from the look ahead the target is reached. Between the five
quantiles known, a value is as many standard deviations from the middle as a straight line says; ten
futures stand at the middles of tenths, so that nothing beyond the outer quantiles is needed.
-#}
{% macro chance_of_ten() -%}
{%- set outer = 1.959964 -%}
{%- set inner = 1.281552 -%}
{%- for z in [-1.644854, -1.036433, -0.67449, -0.38532, -0.125661, 0.125661, 0.38532, 0.67449, 1.036433, 1.644854] -%}
{%- set future -%}
{%- if z < -inner -%}
low_95 + (low_80 - low_95) * {{ (z + outer) / (outer - inner) }}
{%- elif z < 0 -%}
low_80 + (median - low_80) * {{ (z + inner) / inner }}
{%- elif z < inner -%}
median + (high_80 - median) * {{ z / inner }}
{%- else -%}
high_80 + (high_95 - high_80) * {{ (z - inner) / (outer - inner) }}
{%- endif -%}
{%- endset -%}
{{ ' + ' if not loop.first }}cast(if(direction = 'at_most', {{ future }} <= target, {{ future }} >= target) as integer)
{% endfor -%}
{%- endmacro %}

{#- The chance of a goal in words, with what makes it rather a scenario, or why none is named. -#}
{% macro chance_text(language) -%}
{%- set chance -%}{{ chance_alone(language) }}{%- endset -%}
if(answer = 'told', {{ checked_words(chance, language) }}, {{ chance }})
{%- endmacro %}

{#- The same without. -#}
{% macro chance_alone(language) -%}
{%- set words = {
    'de': {
        'dropped': 'Das Ziel ist aufgegeben.',
        'contested': 'Das Ziel ist umstritten: solange offen ist, ob es gelten soll, wird keine Aussicht genannt.',
        'no_target': 'Diese Fassung nennt keinen Zielwert.',
        'no_direction': 'Ob der Zielwert eine Ober- oder eine Untergrenze ist, ist nicht angegeben.',
        'no_date': 'Diese Fassung nennt keine Frist.',
        'due': 'Die Frist ist da und ihr Wert bekannt: wie weit das Ziel ist, steht in goal_progress.',
        'late': 'Was für dieses Ziel getan wird, zeigt sich in der Kennzahl erst nach etwa ',
        'late_rest': ', also nach der Frist: bis dahin sind nur frühe Schritte zu sehen.',
        'steps': ' Zuerst zu sehen wäre: ',
        'refused': 'Kein Ausblick. ',
        'no_forecast': 'Für diese Kennzahl, dieses Gebiet, diese Gruppe und dieses Zeitraster gibt es keinen Ausblick.',
        'too_far': 'Zu weit: der Ausblick reicht bis zum ', 'date': '%d.%m.%Y',
        'too_far_date': ', die Frist ist am ', 'end': '.',
        'never_checked': 'So weit voraus ließ sich noch nie nachprüfen, wie gut solche Ausblicke sind; deshalb wird keine Aussicht genannt.',
        'withheld': 'Der Ausblick liegt nicht vor.',
        'start': 'Geht alles weiter wie bisher, ist das Ziel am ', 'middle': ' ',
        'none': 'in fast keiner der simulierten Zukünfte', 'all': 'in fast allen simulierten Zukünften',
        'about': 'in etwa ', 'of_ten': ' von 10 simulierten Zukünften', 'reached': ' erreicht.',
        'refusal': 'refusal', 'steps_column': 'steps_de',
    },
    'en': {
        'dropped': 'The goal has been dropped.',
        'contested': 'The goal is contested: no outlook is named while it is open whether it should hold.',
        'no_target': 'This version names no target.',
        'no_direction': 'Whether the target is an upper or a lower bound is not stated.',
        'no_date': 'This version names no date.',
        'due': 'The goal is due and its value known: how far it is stands in goal_progress.',
        'late': 'What is done for this goal shows in the indicator only after about ',
        'late_rest': ', which is after its date: until then only early steps can be seen.',
        'steps': ' To be seen first: ',
        'refused': 'No look ahead. ',
        'no_forecast': 'There is no look ahead for this indicator, area, group and length of period.',
        'too_far': 'Too far: the look ahead reaches until ', 'date': '%Y-%m-%d',
        'too_far_date': ', the goal is due on ', 'end': '.',
        'never_checked': 'How good looks so far ahead are could never be checked yet; therefore no chance is named.',
        'withheld': 'The look ahead is not available.',
        'start': 'If all goes on as before, the goal is reached on ', 'middle': ' ',
        'none': 'in almost none of the simulated futures', 'all': 'in almost all simulated futures',
        'about': 'in about ', 'of_ten': ' of 10 simulated futures', 'reached': '.',
        'refusal': 'refusal_en', 'steps_column': 'steps_en',
    },
}[language] -%}
case answer
    {%- for code in ['dropped', 'contested', 'no_target', 'no_direction', 'no_date', 'due', 'no_forecast', 'never_checked', 'withheld'] %}
    when '{{ code }}' then '{{ words[code] }}'
    {%- endfor %}
    when 'refused' then '{{ words.refused }}' || coalesce({{ words.refusal }}, '')
    when 'shows_too_late'
        then
            '{{ words.late }}' || {{ years_in_words('lag_years', language) }} || '{{ words.late_rest }}'
            || coalesce('{{ words.steps }}' || {{ words.steps_column }}, '')
    when 'too_far'
        then
            '{{ words.too_far }}' || strftime(reaches, '{{ words.date }}') || '{{ words.too_far_date }}'
            || strftime(target_date, '{{ words.date }}') || '{{ words.end }}'
    else
        '{{ words.start }}' || strftime(target_date, '{{ words.date }}') || '{{ words.middle }}'
        || case
            when chance_of_ten = 0 then '{{ words.none }}'
            when chance_of_ten = 10 then '{{ words.all }}'
            else '{{ words.about }}' || chance_of_ten || '{{ words.of_ten }}'
        end
        || '{{ words.reached }}'
end
{%- endmacro %}

{#- Years, also parts of them, in words. -#}
{% macro years_in_words(years, language) -%}
{{ goal_number(years, language) }} || if({{ years }} = 1, '{{ ' Jahr' if language == 'de' else ' year' }}', '{{ ' Jahren' if language == 'de' else ' years' }}')
{%- endmacro %}

{#- How often the ranges of such looks ahead held before: published ones where there are enough, else looking back. -#}
{% macro held_text(language) -%}
{%- set words = {
    'de': {
        'record': 'Veröffentlichte Ausblicke, ebenso weit voraus, hielten bisher: ', 'of': ' von ',
        'record_rest': ' Werten lagen im 80-%-Bereich.',
        'backtest': 'Veröffentlichte Ausblicke sind dafür noch zu wenige eingetroffen; im Rückblick aus ',
        'one': ' früheren Stand', 'many': ' früheren Ständen', 'lay': ': ',
    },
    'en': {
        'record': 'Published looks as far ahead held so far: ', 'of': ' of ',
        'record_rest': ' values lay within the 80 % range.',
        'backtest': 'Too few published looks ahead have come due for that; looking back from ',
        'one': ' earlier state', 'many': ' earlier states', 'lay': ': ',
    },
}[language] -%}
case
    when fared.scored is not null
        then
            '{{ words.record }}' || fared.inside_80 || '{{ words.of }}' || fared.scored
            || '{{ words.record_rest }}'
    else
        '{{ words.backtest }}' || worded.origins
        || if(worded.origins = 1, '{{ words.one }}', '{{ words.many }}') || '{{ words.lay }}'
        || cast(round(backtest.coverage_80 * backtest.forecasts / 100) as integer)
        || '{{ words.of }}' || backtest.forecasts || '{{ words.record_rest }}'
end
{%- endmacro %}
