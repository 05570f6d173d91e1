{{ config(tags=['outlook']) }}

select
    scenario_id,
    alternative_id,
    position,
    kind,
    name_de,
    name_en,
    since,
    dose,
    changed_de,
    changed_en,
    dose_total,
    outside_observed,
    outside_because_de,
    outside_because_en,
    cost_low,
    cost_mid,
    cost_high,
    money_per_year,
    dose_unpaid,
    money_lasts_of_ten,
    money_de,
    money_en
from {{ source('computed', 'scenario_alternative') }}
