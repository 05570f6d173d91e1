select
    delivery_id,
    source_id,
    department_id,
    file_name,
    as_of,
    state,
    rows_in,
    rows_accepted,
    rows_quarantined,
    notes
from {{ source('ledger', 'delivery') }}
where as_of <= cast('{{ var("as_of") }}' as date)
