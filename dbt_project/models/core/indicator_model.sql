-- What a city's own models give, one SELECT beside the other; a city without any has no rows here.
{% for name in var('city_models') %}
    select * from {{ ref(name) }}

    union all by name

{% endfor %}
select
    *,
    cast(null as double) as smallest_count
from {{ ref('indicator_figure') }}
where false
