select
    service_id,
    department_id,
    name_de,
    name_en,
    duty,
    how_is_open,
    legal_basis,
    budget_product,
    yearly_cost,
    staff
from {{ source('declared', 'service') }}
