{{ config(tags=['review']) }}

select
    release_id,
    audience,
    as_of,
    content_hash
from {{ source('ledger', 'release') }}
where as_of <= cast('{{ var("as_of") }}' as date)
