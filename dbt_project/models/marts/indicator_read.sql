-- What a city's own models are made of; releases withhold them by it.
select
    indicator_id,
    model_id,
    kind,
    read_id,
    reach
from {{ source('declared', 'indicator_read') }}
