-- Frage: Wo werden wir in den nächsten Jahren Wirkung entfalten müssen?
-- Question: Where will we have to achieve effects in the coming years?
-- Positionspapier: These 4, Szenarien und Prognosen
-- Darf: sagen, wohin sich eine Reihe bewegt, wenn alles weitergeht wie bisher, und wo dazu nichts gesagt
--   werden kann.
-- May: say where a series goes if all goes on as before, and where nothing can be said about it.
-- Darf nicht: Zusage, Ziel oder Begründung eines Haushaltsansatzes sein; nur zusammen mit outlook_low und
--   outlook_high.
-- May not: be a promise, a target or the reason of a budget; only together with outlook_low and
--   outlook_high.
with horizon as (
    select
        indicator_id,
        area_system,
        area_version,
        area_id,
        grain,
        group_id,
        period_start as outlook_period,
        max(value) filter (where quantile = 0.025) as outlook_low,
        max(value) filter (where quantile = 0.5) as outlook_middle,
        max(value) filter (where quantile = 0.975) as outlook_high,
        min(status) as outlook_status,
        min(reason) as outlook_reason,
        min(reason_en) as outlook_reason_en
    from marts.forecast
    where scenario_id = 'trend'
    group by
        indicator_id, area_system, area_version, area_id, grain, group_id, period_start
    qualify period_start = max(period_start) over (
        partition by indicator_id, area_system, area_version, area_id, grain, group_id
    )
)

select
    indicator.name_de as indicator_de,
    indicator.name_en as indicator_en,
    latest.level,
    latest.area_id,
    latest.area_name,
    latest.period_start,
    latest.value,
    latest.low,
    latest.high,
    latest.unit,
    latest.status,
    latest.marks,
    horizon.outlook_period,
    horizon.outlook_low,
    horizon.outlook_middle,
    horizon.outlook_high,
    horizon.outlook_status,
    horizon.outlook_reason,
    horizon.outlook_reason_en
from views.latest_value as latest
inner join marts.indicator as indicator using (indicator_id)
inner join horizon using (indicator_id, area_system, area_version, area_id, grain, group_id)
order by indicator.name_de, latest.level, latest.area_name, latest.area_id
