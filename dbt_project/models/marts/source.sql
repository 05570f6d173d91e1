select
    source_id,
    department_id,
    name_de,
    name_en,
    licence,
    attribution,
    url,
    protection,
    was,
    retired_on,
    retired_why_de,
    retired_why_en
from {{ source('declared', 'source') }}
