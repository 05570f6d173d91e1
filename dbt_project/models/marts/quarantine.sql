select
    quarantine.delivery_id,
    quarantine.source_id,
    quarantine.reason,
    quarantine.row_count,
    quarantine.first_rows
from {{ source('ledger', 'quarantine') }} as quarantine
where quarantine.delivery_id in (select known.delivery_id from {{ ref('delivery') }} as known)
