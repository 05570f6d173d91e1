{#- Why a row of programme_reach says no more than it does, in words and without figures. -#}
{% macro reach_reason(language) -%}
{%- set words = {
    'de': {
        'elsewhere': 'hier nicht angeboten',
        'in_parts': 'nur in Teilen dieses Gebiets angeboten',
        'area_unknown': 'ohne bekanntes Gebiet: daneben steht kein Bedarf; in der Summe des Ganzen sind sie enthalten',
        'group_unknown': 'ohne bekannte Gruppe: was die Gruppen von allen übrig lassen',
        'overlap': 'die Gruppen ergeben mehr als alle oder sind nicht alle bekannt',
        'no_count': 'keine Zahl der Erreichten geliefert',
        'no_measure': 'Bedarf nicht bekannt: die Zielgruppe nennt keine Messgröße dafür',
        'no_need': 'Bedarf nicht bekannt',
        'not_so': 'nicht in dieser Gliederung oder für diesen Zeitraum geliefert',
        'nobody': 'kein Bedarf bekannt: 0',
        'offer': 'gezählt ist, wo das Angebot liegt, nicht wo die Menschen wohnen: wen es hier erreicht, ist nicht bekannt',
        'cases': 'gezählt sind Fälle, nicht Menschen: wie viele verschiedene es sind, ist nicht bekannt',
        'others': 'gezählt sind auch Menschen außerhalb der Zielgruppe',
        'too_many': 'mehr gezählt, als Bedarf bekannt ist: beide Zahlen meinen nicht dieselben Menschen',
        'unplaced': 'ob jemand ohne bekanntes Gebiet gezählt wurde, wird nicht geliefert',
        'reason': 'reason',
    },
    'en': {
        'elsewhere': 'not offered here',
        'in_parts': 'offered in parts of this area only',
        'area_unknown': 'without a known area: there is no need beside it; they are part of the total of the whole',
        'group_unknown': 'without a known group: what the groups leave of all',
        'overlap': 'the groups add up to more than all, or not all of them are known',
        'no_count': 'no number of those reached was delivered',
        'no_measure': 'need not known: the target group names no measure of it',
        'no_need': 'need not known',
        'not_so': 'not delivered in this breakdown or for this period',
        'nobody': 'no need known: 0',
        'offer': 'counted where the offer is, not where people live: whom it reaches here is not known',
        'cases': 'cases are counted, not people: how many different ones is not known',
        'others': 'people outside the target group are counted, too',
        'too_many': 'more are counted than need is known: the two figures do not mean the same people',
        'unplaced': 'whether anybody was counted without a known area is not delivered',
        'reason': 'reason_en',
    },
}[language] -%}
concat_ws(
    '; ',
    case offered when 'elsewhere' then '{{ words.elsewhere }}' when 'in_parts' then '{{ words.in_parts }}' end,
    case part
        when 'area_unknown' then '{{ words.area_unknown }}'
        when 'group_unknown' then if(reached is null, '{{ words.overlap }}', '{{ words.group_unknown }}')
    end,
    case
        when part = 'group_unknown' then null
        when uptake_status is null then '{{ words.no_count }}'
        else uptake_{{ words.reason }}
    end,
    case
        when part not in ('area', 'group') then null
        when not need_is_declared then '{{ words.no_measure }}'
        when need is null
            then '{{ words.no_need }}: ' || coalesce(need_{{ words.reason }}, '{{ words.not_so }}')
        when need = 0 then '{{ words.nobody }}'
        else need_{{ words.reason }}
    end,
    case when part in ('area', 'group') and not is_where_they_live then '{{ words.offer }}' end,
    case when counts = 'cases' then '{{ words.cases }}' end,
    case when not only_target_group then '{{ words.others }}' end,
    case when is_too_many then '{{ words.too_many }}' end,
    case when part = 'area' and not is_whole and unplaced is null then '{{ words.unplaced }}' end
)
{%- endmacro %}

{#- What a contribution does not claim, in the same words for every service. -#}
{% macro no_proof(language) -%}
{%- set words = {
    'de': 'Ein Beitrag ist kein Nachweis einer Wirkung: Ändert sich die Kennzahl, können andere die Ursache sein; ändert sie sich nicht, war die Arbeit nicht umsonst. Über einzelne Beschäftigte sagt er nichts.',
    'en': 'A contribution is no proof of an effect: where the indicator changes, others may be the cause; where it does not, the work was not in vain. It says nothing about single members of staff.',
} -%}
'{{ words[language] }}'
{%- endmacro %}
