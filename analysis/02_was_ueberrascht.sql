-- Frage: Welche Entwicklungen überraschen uns?
-- Question: Which developments surprise us?
-- Positionspapier: These 4, Wirkungsdialoge, Fragen an die Zahlen
-- Darf: zeigen, wo das letzte Jahr vom Jahr davor weiter abweicht, als beide Bereiche zusammen reichen.
-- May: show where the last year differs from the year before by more than both intervals reach.
-- Darf nicht: eine Ursache nennen oder eine Wirkung belegen. Reihen ohne Bereich fehlen; comparisons sagt,
--   wie viele verglichen wurden, und einige fallen auch ohne Anlass auf.
-- May not: name a cause or prove an effect. Series without an interval are absent; comparisons says how
--   many were compared, and some stand out without any occasion.
with compared as (
    select
        latest.*,
        earlier.value as earlier_value,
        earlier.low as earlier_low,
        earlier.high as earlier_high,
        earlier.status as earlier_status,
        count(*) over (partition by latest.indicator_id) as comparisons
    from views.latest_value as latest
    inner join marts.indicator_value as earlier
        on
            latest.indicator_id = earlier.indicator_id
            and latest.area_system = earlier.area_system
            and latest.area_version = earlier.area_version
            and latest.area_id = earlier.area_id
            and latest.group_id = earlier.group_id
            and latest.grain = earlier.grain
            and latest.period_start = earlier.period_start + interval 1 year
    where
        latest.group_id = 'all'
        and not latest.is_unassigned
        and latest.low is not null
        and earlier.low is not null
        and 'not_comparable' not in (latest.status, earlier.status)
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
    compared.earlier_value,
    compared.earlier_low,
    compared.earlier_high,
    compared.comparisons,
    compared.status,
    compared.earlier_status,
    compared.reason,
    compared.marks,
    indicator.gaming_de,
    indicator.gaming_en
from compared
inner join marts.indicator as indicator using (indicator_id)
where compared.low > compared.earlier_high or compared.high < compared.earlier_low
order by indicator.name_de, compared.level, compared.area_name, compared.area_id
