select
    department_id,
    name_de,
    name_en
from {{ source('declared', 'department') }}
