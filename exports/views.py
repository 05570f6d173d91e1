"""Views for analysts in the published warehouse: what is latest, and one wide row per area.

Schema `views` beside `marts`: `latest_value` has one row per indicator, area and group,
`<area system>_<level>` one row per area with columns for every indicator. They are made from the
marts of indicators and areas, so that a new indicator brings its columns along, and they read the
published marts alone: what is withheld there is withheld here.
"""

from typing import Final

import duckdb

NEEDED: Final = ("area", "indicator", "indicator_value", "indicator_value_mark")

LATEST: Final = """
CREATE VIEW views.latest_value AS
WITH born AS (
    -- One area may be younger than its version; the middle one tells when the version began.
    SELECT area_system, area_version, quantile_disc(valid_from, 0.5) AS begins
    FROM marts.area
    GROUP BY ALL
),
newest AS (
    SELECT area_system, arg_max(area_version, begins) AS area_version
    FROM born
    GROUP BY ALL
),
known AS (
    SELECT
        value.*,
        area.name AS area_name,
        area.level,
        area.level_rank,
        area.is_unassigned,
        list_position(['day', 'week', 'month', 'quarter', 'half_year', 'year'], value.grain)
            AS grain_rank
    FROM marts.indicator_value AS value
    INNER JOIN newest USING (area_system, area_version)
    INNER JOIN marts.area AS area USING (area_system, area_version, area_id)
),
-- Members for rows without an area follow the level they lie below.
chosen AS (
    SELECT indicator_id, area_system, level_rank, max((grain_rank, period_start)) AS latest
    FROM known
    WHERE NOT is_unassigned AND (value IS NOT NULL OR status = 'suppressed')
    GROUP BY ALL
)
SELECT
    known.indicator_id,
    known.area_system,
    known.area_version,
    known.area_id,
    known.area_name,
    known.level,
    known.level_rank,
    known.is_unassigned,
    known.period_start,
    known.grain,
    known.group_id,
    known.numerator,
    known.denominator,
    known.value,
    known.unit,
    known.low,
    known.high,
    known.status,
    known.reason,
    known.reason_en,
    coalesce(mark.marks, '') AS marks,
    known.as_of
FROM known
INNER JOIN chosen USING (indicator_id, area_system, level_rank)
LEFT JOIN marts.indicator_value_mark AS mark
    USING (indicator_id, area_system, area_version, area_id, period_start, grain, group_id)
WHERE (known.grain_rank, known.period_start) = chosen.latest
"""
LATEST_WORDS: Final = (
    "Jüngster Zeitraum je Kennzahl und Ebene, Jahre vor kürzeren Zeiträumen, im heutigen "
    "Gebietsstand; mit Merkzeichen. / Latest period per indicator and level, years before shorter "
    "periods, in today's area version; with marks; one row per indicator, area and group."
)
WIDE_WORDS: Final = (
    "Ein Gebiet je Zeile; je Kennzahl der jüngste Zeitraum für alle (group_id 'all'), dahinter "
    "__low und __high (95-%-Bereich), __status, __reason, __marks (Merkzeichen) und "
    "__period_start. / One area per row; per indicator the latest period for all (group_id 'all'), "
    "followed by __low and __high (95 % interval), __status, __reason, __marks and __period_start. "
    "marts.indicator: Name, Einheit, Bedeutung / name, unit, meaning."
)
# No comments on the columns: each costs as much as binding the whole view.
AREA_COLUMNS: Final = ("area_system", "area_version", "area_id", "area_name", "parent_id")
PARTS: Final = ("low", "high", "status", "reason", "marks", "period_start")


def create_views(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Create schema `views` over the `marts` of an open, writable warehouse; give back its names.

    Needs the marts in NEEDED; without them there is nothing to look at and no schema. A level gets
    a wide view where an indicator has values on it; retired indicators are left out of it. That no
    two levels ask for the same name and no indicator for that of another's column is for the
    declarations to see to: an id has no two underscores in a row, and levels are checked.
    """
    there = connection.sql(
        "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'marts' "
        "AND database_name = current_database()"
    ).fetchall()
    if not {(name,) for name in NEEDED} <= set(there):
        return []
    connection.execute("BEGIN")
    connection.execute("CREATE SCHEMA views")
    connection.execute(LATEST)
    connection.execute(f"COMMENT ON VIEW views.latest_value IS {text(LATEST_WORDS)}")
    made = ["latest_value"]
    shown: dict[tuple[str, str], list[str]] = {}
    # One look for all levels: it reads every value there is.
    for system, level, indicator_id in connection.sql(
        "SELECT DISTINCT latest.area_system, latest.level, latest.indicator_id "
        "FROM views.latest_value AS latest "
        "INNER JOIN marts.indicator AS indicator USING (indicator_id) "
        "WHERE latest.group_id = 'all' AND NOT latest.is_unassigned "
        "AND indicator.retired_on IS NULL ORDER BY ALL"
    ).fetchall():
        shown.setdefault((system, level), []).append(indicator_id)
    for (system, level), indicators in shown.items():
        made.append(f"{system}_{level}")
        _create_wide(connection, system, level, indicators)
    connection.execute("COMMIT")
    return made


def view_texts(connection: duckdb.DuckDBPyConnection, catalog: str) -> list[tuple[str, ...]]:
    """Every view with its definition and comment, in order: equal lists are equal views."""
    return connection.execute(
        "SELECT view_name, sql, coalesce(comment, '') FROM duckdb_views() "
        "WHERE database_name = ? AND schema_name = 'views' AND NOT internal ORDER BY 1",
        [catalog],
    ).fetchall()


def _create_wide(
    connection: duckdb.DuckDBPyConnection, system: str, level: str, indicators: list[str]
) -> None:
    columns = {
        f"{_free(indicator_id)}{'' if part == 'value' else f'__{part}'}": (
            f"max(latest.{part}) FILTER (WHERE latest.indicator_id = {text(indicator_id)})"
        )
        for indicator_id in indicators
        for part in ("value", *PARTS)
    }
    view = f"views.{quoted(f'{system}_{level}')}"
    picked = ",\n    ".join(f"{sql} AS {quoted(name)}" for name, sql in columns.items())
    connection.execute(
        f"CREATE VIEW {view} AS\n"
        "SELECT\n    latest.area_system,\n    latest.area_version,\n    latest.area_id,\n"
        f"    latest.area_name,\n    area.parent_id,\n    {picked}\n"
        "FROM views.latest_value AS latest\n"
        "INNER JOIN marts.area AS area USING (area_system, area_version, area_id)\n"
        f"WHERE latest.area_system = {text(system)} AND latest.level = {text(level)} "
        "AND latest.group_id = 'all'\nGROUP BY ALL"
    )
    connection.execute(f"COMMENT ON VIEW {view} IS {text(WIDE_WORDS)}")


def _free(indicator_id: str) -> str:
    """An indicator may be called like a column of the area itself."""
    return f"{indicator_id}__value" if indicator_id in AREA_COLUMNS else indicator_id


def quoted(name: str) -> str:
    """A name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def text(words: str) -> str:
    """A text as SQL."""
    return "'" + words.replace("'", "''") + "'"
