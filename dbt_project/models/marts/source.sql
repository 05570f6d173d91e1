select
    source_id,
    department_id,
    name_de,
    name_en,
    licence,
    attribution,
    url,
    protection
from {{ source('declared', 'source') }}
