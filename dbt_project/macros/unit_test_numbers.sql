{#- Unit tests compare numbers to six decimals: literals stay readable, no machine's last digit counts. -#}
{% macro duckdb__get_unit_test_sql(main_sql, expected_fixture_sql, expected_column_names) -%}
select
    * replace (
        {%- for column in adapter.get_column_schema_from_query(main_sql) if column.dtype == 'DOUBLE' and column.quoted in expected_column_names %}
        round({{ column.quoted }}, 6) as {{ column.quoted }},
        {%- endfor %}
        actual_or_expected as actual_or_expected
    )
from (
    {{ default__get_unit_test_sql(main_sql, expected_fixture_sql, expected_column_names) }}
)
{%- endmacro %}
