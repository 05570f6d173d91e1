-- Each reason with the marks on its value and with what is to be considered when reading the indicator.
{{ config(tags=['review']) }}

select
    found.occasion_id,
    found.area_system,
    found.area_version,
    found.area_id,
    found.area_name,
    found.group_id,
    found.side,
    found.item_id,
    found.name_de,
    found.name_en,
    found.department_id,
    found.indicator_id,
    found.period_start,
    found.grain,
    found.value,
    found.low,
    found.high,
    found.unit,
    found.reference,
    found.since,
    found.comparisons,
    found.q_value,
    mark.marks,
    indicator.caveats_de,
    indicator.caveats_en,
    found.consent,
    found.text_de,
    found.text_en,
    found.as_of
from {{ source('computed', 'occasion') }} as found
left join {{ ref('indicator_value_mark') }} as mark
    using (indicator_id, area_system, area_version, area_id, period_start, grain, group_id)
left join {{ source('declared', 'indicator') }} as indicator
    on found.indicator_id = indicator.indicator_id
