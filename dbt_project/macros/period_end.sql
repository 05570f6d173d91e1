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
