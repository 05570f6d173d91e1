{#- Why a row of goal_progress says no more than it does, in words; empty where it says all. -#}
{% macro goal_reason(language) -%}
{%- set words = {
    'de': {
        'none': 'für dieses Gebiet, diese Gruppe und dieses Zeitraster liegt kein Wert vor',
        'no_value': 'kein Wert',
        'dropped': 'das Ziel ist aufgegeben',
        'no_target': 'diese Fassung nennt keinen Zielwert',
        'no_direction': 'ob der Zielwert eine Ober- oder eine Untergrenze ist, ist nicht angegeben',
        'cannot_tell': 'der Zielwert liegt im 95-%-Bereich des Werts: ob das Ziel über den Zufall hinaus erreicht oder verfehlt ist, lässt sich nicht sagen',
        'no_baseline': 'kein Ausgangswert: ein Anteil am Weg lässt sich nicht sagen',
        'hold': 'Ausgangswert und Zielwert sind gleich: es gilt zu halten, einen Weg gibt es nicht',
        'limit': 'das Ziel begrenzt eine Entwicklung: einen Weg vom Ausgangswert zum Zielwert gibt es nicht',
        'not_due': 'der Zeitraum endet vor der Frist am ',
        'date': '%d.%m.%Y',
        'value_reason': 'reason',
    },
    'en': {
        'none': 'there is no value for this area, group and length of period',
        'no_value': 'no value',
        'dropped': 'the goal has been dropped',
        'no_target': 'this version names no target',
        'no_direction': 'whether the target is an upper or a lower bound is not stated',
        'cannot_tell': 'the target lies within the 95 % interval of the value: whether it is reached or missed beyond chance cannot be told',
        'no_baseline': 'no baseline: a part of the way cannot be told',
        'hold': 'baseline and target are equal: it is about keeping, there is no way to go',
        'limit': 'the goal limits a development: there is no way from baseline to target',
        'not_due': 'the period ends before the goal is due on ',
        'date': '%Y-%m-%d',
        'value_reason': 'reason_en',
    },
}[language] -%}
concat_ws(
    '; ',
    case
        when period_start is null then '{{ words.none }}'
        when value is null then concat_ws(': ', '{{ words.no_value }}', {{ words.value_reason }})
        else {{ words.value_reason }}
    end,
    case
        when state = 'dropped' then '{{ words.dropped }}'
        when way = 'no_target' then '{{ words.no_target }}'
        when direction is null then '{{ words.no_direction }}'
        when reached = 'cannot_tell' then '{{ words.cannot_tell }}'
    end,
    case way
        when 'no_baseline' then '{{ words.no_baseline }}'
        when 'hold' then '{{ words.hold }}'
        when 'limit' then '{{ words.limit }}'
    end,
    case
        when reached in ('not_met', 'cannot_tell') and not is_due
            then '{{ words.not_due }}' || strftime(target_date, '{{ words.date }}')
    end
)
{%- endmacro %}

{#- The state of a goal in words. -#}
{% macro goal_state(state, language) -%}
{%- set words = {
    'de': ['vorgeschlagen', 'umstritten', 'beschlossen', 'aufgegeben'],
    'en': ['proposed', 'contested', 'decided', 'dropped'],
}[language] -%}
case {{ state }}
    {%- for code in ['proposed', 'contested', 'decided', 'dropped'] %}
    when '{{ code }}' then '{{ words[loop.index0] }}'
    {%- endfor %}
end
{%- endmacro %}

{#- A declared figure as people write it; a missing one in words. -#}
{% macro goal_number(figure, language) -%}
coalesce(
    {{ "replace(" if language == 'de' }}printf('%.15g', {{ figure }}){{ ", '.', ',')" if language == 'de' }},
    '{{ 'keiner' if language == 'de' else 'none' }}'
)
{%- endmacro %}

{#- What differs between a version of a goal and the one before, in words. -#}
{% macro goal_change_text(language) -%}
{%- set words = {
    'de': {
        'state': 'Stand', 'target': 'Zielwert', 'baseline': 'Ausgangswert', 'date': 'Frist',
        'less': ' (verlangt weniger)', 'more': ' (verlangt mehr)', 'format': '%d.%m.%Y',
        'no_date': 'keine', 'nothing': 'keine Zahl, kein Stand und keine Frist ist anders',
    },
    'en': {
        'state': 'state', 'target': 'target', 'baseline': 'baseline', 'date': 'due',
        'less': ' (asks for less)', 'more': ' (asks for more)', 'format': '%Y-%m-%d',
        'no_date': 'none', 'nothing': 'no figure, state or date differs',
    },
}[language] -%}
coalesce(nullif(concat_ws(
    '; ',
    case
        when state is distinct from state_before
            then
                '{{ words.state }}: ' || {{ goal_state('state_before', language) }}
                || ' → ' || {{ goal_state('state', language) }}
    end,
    case
        when target is distinct from target_before
            then
                '{{ words.target }}: ' || {{ goal_number('target_before', language) }}
                || ' → ' || {{ goal_number('target', language) }}
                || case asks
                    when 'less' then '{{ words.less }}'
                    when 'more' then '{{ words.more }}'
                    else ''
                end
    end,
    case
        when baseline is distinct from baseline_before
            then
                '{{ words.baseline }}: ' || {{ goal_number('baseline_before', language) }}
                || ' → ' || {{ goal_number('baseline', language) }}
    end,
    case
        when target_date is distinct from target_date_before
            then
                '{{ words.date }}: '
                || coalesce(strftime(target_date_before, '{{ words.format }}'), '{{ words.no_date }}')
                || ' → '
                || coalesce(strftime(target_date, '{{ words.format }}'), '{{ words.no_date }}')
    end
), ''), '{{ words.nothing }}')
{%- endmacro %}
