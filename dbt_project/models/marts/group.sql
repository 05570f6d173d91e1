select
    group_id,
    dimension,
    name_de,
    name_en
from {{ source('declared', 'group') }}
