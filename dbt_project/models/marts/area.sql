select
    area_system,
    area_version,
    area_id,
    name,
    level,
    level_rank,
    parent_id,
    is_unassigned,
    valid_from,
    valid_to
from {{ source('declared', 'area') }}
