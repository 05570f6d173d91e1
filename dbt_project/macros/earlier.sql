{#- How many months a period is long; null for what is no whole number of months. -#}
{% macro months_of(grain) -%}
case {{ grain }} when 'month' then 1 when 'quarter' then 3 when 'half_year' then 6 when 'year' then 12 end
{%- endmacro %}

{#-
Where the period began that a change is measured against. A stock is dated by its day: the last day of a
month goes back to the last day of a month.
-#}
{% macro period_earlier(start, grain, against) -%}
cast(case
    when {{ start }} = last_day({{ start }})
        then last_day({{ start }} - to_months({{ months_back(grain, against) }}))
    else {{ start }} - to_months({{ months_back(grain, against) }})
end as date)
{%- endmacro %}

{% macro months_back(grain, against) -%}
case when {{ against }} = 'year_before' then 12 else {{ months_of(grain) }} end
{%- endmacro %}

{#- The day on which the (fiscal) year of a period began, of which `starts` is the first month. -#}
{% macro year_begin(start, starts) -%}
cast(
    date_trunc('month', {{ start }}) - to_months(cast((month({{ start }}) - {{ starts }} + 12) % 12 as integer))
    as date
)
{%- endmacro %}
