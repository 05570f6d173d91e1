-- What stands out, and the question it raises.
select
    mark_id, sign, severity, indicator_id, indicator_de,
    area_system || '|' || area_version || '|' || area_id as area_key,
    area, period_start, period_de, grain, group_id, group_de, text_de, question_de
from mark
union all by name
-- A table without rows would not reach the pages at all.
select '' as mark_id, '' as indicator_id, '' as area_key, date '1900-01-01' as period_start
