select
    area_system,
    from_version,
    from_area_id,
    to_version,
    to_area_id,
    level,
    basis,
    is_default,
    weight_raw,
    weight,
    raw_sum,
    spread,
    measured_by_de,
    measured_by_en
from {{ ref('stg_crosswalk') }}
