select
    measure_id,
    source_id,
    department_id,
    name_de,
    name_en,
    unit,
    stock_or_flow,
    additive_over_areas,
    additive_over_groups,
    additive_over_time,
    control_of,
    carried_by
from {{ source('declared', 'measure') }}
