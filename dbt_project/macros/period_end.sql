{#- Last day of a period; a stock ends on its reporting date. -#}
{% macro period_end(start, grain, is_stock) -%}
case
    when {{ is_stock }} then {{ start }}
    else cast({{ start }} + case {{ grain }}
        when 'day' then interval 1 day
        when 'week' then interval 7 day
        when 'month' then interval 1 month
        when 'quarter' then interval 3 month
        when 'half_year' then interval 6 month
        else interval 1 year
    end - interval 1 day as date)
end
{%- endmacro %}

{#- How many periods of a grain make the year that one of them lies in. -#}
{% macro parts_in_year(start, grain) -%}
case {{ grain }}
    when 'day' then dayofyear(make_date(year({{ start }}), 12, 31))
    when 'month' then 12
    when 'quarter' then 4
    when 'half_year' then 2
end
{%- endmacro %}
