-- What an experienced analyst would write by hand for exactly these declarations: one area version,
-- months, counts, shares and rates. {lake}, {inputs} are folders. No marts, no reasons, no history.
CREATE TYPE what AS ENUM (SELECT measure_id FROM '{inputs}/measure.parquet' ORDER BY 1);
CREATE TYPE place AS ENUM (SELECT area_id FROM '{inputs}/area.parquet' ORDER BY 1);
CREATE TYPE whom AS ENUM (SELECT 'all' UNION SELECT group_id FROM '{inputs}/group.parquet' ORDER BY 1);
CREATE TYPE state AS ENUM ('observed', 'provisional', 'estimated', 'suppressed', 'missing');

-- the newest of each cell
CREATE TABLE cell AS
SELECT measure_id, area_id, period_start, group_id, newest.value AS value, newest.status AS status,
    0::DOUBLE AS gap
FROM (
    SELECT
        measure_id::what AS measure_id, area_id::place AS area_id, period_start,
        group_id::whom AS group_id, arg_max({{value: value, status: status::state}}, as_of) AS newest
    FROM '{lake}/observations/quelle*/*.parquet'
    GROUP BY ALL
);

-- areas that a month leaves out
INSERT INTO cell
SELECT slice.measure_id, area.area_id, slice.period_start, slice.group_id, NULL, 'missing', 0
FROM (SELECT DISTINCT measure_id, period_start, group_id FROM cell) AS slice
CROSS JOIN (SELECT area_id::place AS area_id FROM '{inputs}/area.parquet' WHERE level = 'raum') AS area
ANTI JOIN cell USING (measure_id, area_id, period_start, group_id);

-- districts and the city
INSERT INTO cell
SELECT
    measure_id, above.ancestor_id, period_start, group_id, sum(value),
    CASE WHEN sum(value) IS NULL THEN 'missing' WHEN bool_or(value IS NULL) THEN 'estimated'
        WHEN bool_or(status = 'provisional') THEN 'provisional' ELSE 'observed' END,
    count(*) FILTER (value IS NULL) / count(*)
FROM cell
JOIN (
    SELECT area_id::place AS area_id, unnest([parent_id, '0'])::place AS ancestor_id
    FROM '{inputs}/area.parquet' WHERE level = 'raum'
) AS above USING (area_id)
GROUP BY measure_id, above.ancestor_id, period_start, group_id;

-- years: flows of twelve months, stocks of December
CREATE TABLE yearly AS
SELECT
    measure_id, area_id, date_trunc('year', period_start)::DATE AS period_start, group_id,
    CASE WHEN count(value) FILTER (status != 'provisional') = 12 THEN sum(value) END AS value,
    (CASE WHEN count(value) FILTER (status != 'provisional') < 12 THEN 'missing'
        WHEN bool_or(status = 'estimated') THEN 'estimated' ELSE 'observed' END)::state AS status,
    max(gap) AS gap
FROM cell
SEMI JOIN (FROM '{inputs}/measure.parquet' WHERE stock_or_flow = 'flow') AS flow
    ON cell.measure_id = flow.measure_id::what
GROUP BY ALL
UNION ALL
SELECT measure_id, area_id, period_start, group_id, value, status, gap
FROM cell
SEMI JOIN (FROM '{inputs}/measure.parquet' WHERE stock_or_flow = 'stock') AS stock
    ON cell.measure_id = stock.measure_id::what
WHERE month(period_start) = 12;

CREATE VIEW every AS
SELECT *, false AS is_year FROM cell UNION ALL SELECT *, true AS is_year FROM yearly;

CREATE TABLE asked AS
WITH term AS (FROM '{inputs}/indicator_term.parquet'),
counted AS (SELECT *, count(*) OVER (PARTITION BY indicator_id, role) AS wanted FROM term)
SELECT indicator_id, role, measure_id::what AS measure_id, group_id::whom AS group_id,
    'all'::whom AS of_group, wanted
FROM counted
UNION ALL
SELECT indicator_id, role, measure_id::what, one.group_id::whom, one.group_id::whom, wanted
FROM counted
JOIN '{inputs}/indicator_dimension.parquet' AS dimension USING (indicator_id)
JOIN (SELECT DISTINCT group_id::VARCHAR AS group_id FROM cell) AS one
    ON one.group_id LIKE dimension.dimension || '=%'
WHERE counted.group_id = 'all';

CREATE MACRO added(side) AS TABLE
SELECT
    indicator_id, area_id, period_start, is_year, of_group AS group_id,
    CASE WHEN count(value) = any_value(wanted) THEN sum(value) END AS value,
    CASE WHEN count(value) < any_value(wanted)
            THEN min(status::VARCHAR) FILTER (value IS NULL)
        WHEN bool_or(status = 'estimated') THEN 'estimated'
        WHEN bool_or(status = 'provisional') THEN 'provisional' ELSE 'observed' END AS status,
    max(gap) AS gap
FROM every JOIN asked USING (measure_id, group_id)
WHERE role = side
GROUP BY ALL;

CREATE TABLE numerator AS FROM added('numerator');
CREATE TABLE denominator AS FROM added('denominator');

CREATE TABLE indicator_value AS
WITH fraction AS (
    SELECT numerator.*, declared.kind, declared.per,
        CASE WHEN numerator.is_year AND declared.is_stock THEN
            (numerator.period_start + INTERVAL 1 YEAR - INTERVAL 1 DAY)::DATE
            WHEN declared.is_stock THEN last_day(numerator.period_start)
            ELSE numerator.period_start END AS wanted_on
    FROM numerator JOIN (
        SELECT indicator_id, kind, per, bool_or(stock_or_flow = 'stock') AS is_stock
        FROM '{inputs}/indicator.parquet'
        LEFT JOIN (FROM '{inputs}/indicator_term.parquet' WHERE role = 'denominator')
            USING (indicator_id)
        LEFT JOIN '{inputs}/measure.parquet' USING (measure_id)
        GROUP BY ALL
    ) AS declared USING (indicator_id)
),
-- the newest date of a stock, here always a month's end, unless the year is not over
dated AS (
    SELECT *, CASE WHEN kind = 'rate' THEN least(wanted_on, newest.latest) ELSE wanted_on END AS on_day
    FROM fraction LEFT JOIN (
        SELECT indicator_id, max(period_start) AS latest FROM denominator GROUP BY ALL
    ) AS newest USING (indicator_id)
),
joined AS (
    SELECT dated.* EXCLUDE (value, status), dated.value AS n, dated.status AS n_status,
        d.value AS d, d.status AS d_status, abs(dated.gap - d.gap) AS apart
    FROM dated LEFT JOIN denominator AS d
        ON dated.indicator_id = d.indicator_id AND dated.area_id = d.area_id
        AND dated.group_id = d.group_id AND dated.on_day = d.period_start
        AND d.is_year = (dated.is_year AND dated.kind = 'share')
),
judged AS (
    SELECT *,
        CASE WHEN n IS NULL THEN n_status WHEN kind = 'count' THEN n_status
            WHEN d IS NULL OR d = 0 THEN 'missing'
            WHEN apart > 0.1 THEN 'not_comparable'
            WHEN 'estimated' IN (n_status, d_status) THEN 'estimated'
            WHEN 'provisional' IN (n_status, d_status) THEN 'provisional'
            ELSE n_status END AS status,
        n / d AS p, per / d AS scale
    FROM joined
)
SELECT
    indicator_id, area_id, period_start, is_year, group_id, n AS numerator, d AS denominator, status,
    CASE WHEN status IN ('missing', 'suppressed', 'not_comparable') THEN NULL WHEN kind = 'count' THEN n
        WHEN kind = 'share' THEN 100 * n / d ELSE per * n / d END AS value,
    CASE WHEN status IN ('missing', 'suppressed', 'not_comparable') THEN NULL
        WHEN kind = 'share' AND n <= d THEN 100 * greatest((2 * n + 3.841458820694124 - 1.959963984540054
            * sqrt(greatest(3.841458820694124 + 4 * n * (1 - p), 0))) / (2 * (d + 3.841458820694124)), 0)
        WHEN kind = 'share' THEN NULL
        WHEN n = 0 THEN 0
        ELSE coalesce(scale, 1) * n
            * power(greatest(1 - 1 / (9 * n) - 1.959963984540054 / (3 * sqrt(n)), 0), 3) END AS low,
    CASE WHEN status IN ('missing', 'suppressed', 'not_comparable') THEN NULL
        WHEN kind = 'share' AND n <= d THEN 100 * least((2 * n + 3.841458820694124 + 1.959963984540054
            * sqrt(greatest(3.841458820694124 + 4 * n * (1 - p), 0))) / (2 * (d + 3.841458820694124)), 1)
        WHEN kind = 'share' THEN NULL
        ELSE coalesce(scale, 1) * (n + 1)
            * power(1 - 1 / (9 * (n + 1)) + 1.959963984540054 / (3 * sqrt(n + 1)), 3) END AS high
FROM judged;
