-- The indicators an index adds up, each with its weight and the dates it belongs to.
select
    indicator_id,
    part_id,
    weight,
    valid_from,
    valid_to
from {{ source('declared', 'indicator_component') }}
