-- The smallest count that a value could give away without showing it; releases withhold by it.
select
    indicator_id,
    area_system,
    area_version,
    area_id,
    period_start,
    grain,
    group_id,
    smallest_count
from {{ ref('indicator_standardised') }}

union all by name

select
    indicator_id,
    area_system,
    area_version,
    area_id,
    period_start,
    grain,
    group_id,
    smallest_count
from {{ ref('indicator_binned') }}

union all by name

select
    indicator_id,
    area_system,
    area_version,
    area_id,
    period_start,
    grain,
    group_id,
    smallest_count
from {{ ref('indicator_access') }}

union all by name

select
    indicator_id,
    area_system,
    area_version,
    area_id,
    period_start,
    grain,
    group_id,
    smallest_count
from {{ ref('indicator_model') }}
