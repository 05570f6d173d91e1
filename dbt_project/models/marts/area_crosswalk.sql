select
    area_system,
    from_version,
    from_area_id,
    to_version,
    to_area_id,
    level,
    basis,
    weight_raw,
    weight,
    raw_sum
from {{ ref('stg_crosswalk') }}
