select
    target_group_id,
    group_id,
    name_de,
    name_en,
    definition_de,
    definition_en,
    denominator_measure_id,
    need_measure_id,
    sensitivity
from {{ source('declared', 'target_group') }}
