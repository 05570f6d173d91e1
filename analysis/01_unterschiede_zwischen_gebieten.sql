-- Frage: Welche Unterschiede zwischen Stadtteilen fallen auf?
-- Question: Which differences between districts stand out?
-- Positionspapier: These 4, Wirkungsdialoge, Fragen an die Zahlen
-- Darf: Gesprächsanlass sein, warum ein Gebiet außerhalb dessen liegt, was beim Wert der Stadt Zufall wäre.
-- May: be a reason to talk about why an area lies outside what chance would give around the city's value.
-- Darf nicht: Gebiete reihen oder ihre Teams beurteilen. Von 20 Vergleichen fällt einer schon durch Zufall
--   auf (areas_compared); Gebiete ohne Bereich fehlen hier, sind also nicht unauffällig.
-- May not: order areas or judge their teams. One comparison in 20 stands out by chance alone
--   (areas_compared); areas without an interval are absent here, not inconspicuous.
with city as (
    select
        indicator_id,
        area_system,
        period_start,
        grain,
        value as city_value
    from views.latest_value
    where group_id = 'all'
    qualify level_rank = max(level_rank) over (partition by area_system) and not is_unassigned
),

compared as (
    select
        latest.*,
        city.city_value,
        count(*) over (partition by latest.indicator_id, latest.area_system, latest.level) as areas_compared
    from views.latest_value as latest
    inner join city using (indicator_id, area_system, period_start, grain)
    inner join marts.indicator as indicator using (indicator_id)
    where
        latest.group_id = 'all'
        and not latest.is_unassigned
        and latest.value is not null
        and latest.low is not null
        -- A count of a part is always below that of the whole.
        and indicator.kind not in ('count', 'cumulative')
)

select
    indicator.name_de as indicator_de,
    indicator.name_en as indicator_en,
    compared.level,
    compared.area_id,
    compared.area_name,
    compared.period_start,
    compared.value,
    compared.low,
    compared.high,
    compared.unit,
    compared.city_value,
    compared.areas_compared,
    compared.status,
    compared.reason,
    compared.marks,
    indicator.caveats_de,
    indicator.caveats_en
from compared
inner join marts.indicator as indicator using (indicator_id)
where compared.city_value < compared.low or compared.city_value > compared.high
order by indicator.name_de, compared.level, compared.area_name, compared.area_id
