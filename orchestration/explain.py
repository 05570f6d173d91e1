"""Says in words what a number means and where it comes from."""

from typing import Any

import duckdb

from exports.vocabulary import STATUS_WORDS
from orchestration.place import Place

_WORDS = {
    "de": {
        "formerly": "Hieß früher",
        "formula": "Formel",
        "caveats": "Zu beachten",
        "not_meant_for": "Nicht gedacht für",
        "sources": "Aus Lieferungen von",
        "numerator": "Zähler",
        "denominator": "Nenner",
        "range": "95-%-Bereich",
        "placing": "Möglich, wo im Gebiet auch immer sie wohnen",
        "status": "Stand",
        "reason": "Grund",
        "as_of": "Bekannt am",
        "made_of": "Aus diesen Zeilen",
        "computed_from": "Gerechnet aus diesen Werten",
        "explained_by": "woher sie kommen",
        "and_more": "… und {n} weitere Zeilen",
        "marks": "Merkzeichen",
        "corrected": "berichtigt",
        "told": "mitgeteilt an",
        "none": "keine",
        "class": "Klasse",
        "compared": "verglichen mit allen {n} Gebieten der Ausgabe",
        "parts": "Aus diesen Kennzahlen (mehr mit `wirkraum explain` für jede)",
        "offers": "Angebote (marts.facility)",
        "offers_of": "{name} vom {day:%d.%m.%Y}: {used} verwendbar, {aside} nicht",
        "break": "Anders gezählt ab",
        "model": "Gerechnet von einem eigenen Modell der Stadt, models/{model}.sql, aus",
        "beside": "Daneben",
        "mean": "Mittel",
        "weight": "Gewicht",
        "no_value": "kein Wert",
        "no_licence": "keine Lizenzangabe",
    },
    "en": {
        "formerly": "Formerly",
        "formula": "Formula",
        "caveats": "Mind",
        "not_meant_for": "Not meant for",
        "sources": "From deliveries of",
        "numerator": "Numerator",
        "denominator": "Denominator",
        "range": "95 % interval",
        "placing": "Possible, wherever in their areas they live",
        "status": "Status",
        "reason": "Reason",
        "as_of": "Known on",
        "made_of": "From these rows",
        "computed_from": "Computed from these values",
        "explained_by": "where they come from",
        "and_more": "… and {n} more rows",
        "marks": "Marks",
        "corrected": "corrected",
        "told": "told",
        "none": "none",
        "class": "Class",
        "compared": "compared with all {n} areas of the edition",
        "parts": "From these indicators (more by `wirkraum explain` for each)",
        "offers": "Offers (marts.facility)",
        "offers_of": "{name} of {day:%Y-%m-%d}: {used} usable, {aside} not",
        "break": "Counted otherwise since",
        "model": "Computed by a model of the city's own, models/{model}.sql, from",
        "beside": "Beside it",
        "mean": "mean",
        "weight": "weight",
        "no_value": "no value",
        "no_licence": "no licence stated",
    },
}


def explain(
    place: Place, indicator: str, area: str | None, period: str | None, group: str, language: str
) -> str:
    """What an indicator means and, with an area and period, what made the number.

    Without an area the whole municipality is meant, without a period the latest year. An id from
    before a renaming leads to the indicator of today. Raises FileNotFoundError where nothing is
    published or there is no such indicator.
    """
    if not place.published_warehouse.exists():
        raise FileNotFoundError(
            f"nothing is published in {place.folder} yet: wirkraum run {place.folder}"
        )
    say = _WORDS.get(language, _WORDS["de"])
    with duckdb.connect(str(place.published_warehouse), read_only=True) as connection:
        meaning = _one(
            connection,
            "select * from marts.indicator "
            "where indicator_id = $1 or list_contains(string_split(was, ', '), $1)",
            indicator,
        )
        if meaning is None:
            raise FileNotFoundError(f"there is no indicator {indicator!r}: {_known(connection)}")
        asked_for, indicator = indicator, meaning["indicator_id"]
        lines = [f"{meaning['name_' + language]} ({indicator})"]
        if asked_for != indicator:
            lines.append(f"{say['formerly']}: {asked_for}")
        lines += ["", meaning["meaning_" + language]]
        lines += ["", f"{say['formula']}: {meaning['formula']}  [{meaning['unit']}]"]
        for field in ("caveats", "not_meant_for"):
            if meaning[f"{field}_{language}"]:
                lines.append(f"{say[field]}: {meaning[f'{field}_{language}']}")
        lines += [
            f"{say['break']} {since}: {what}"
            for since, what in connection.execute(
                f"select distinct since, what_{language} from marts.indicator_break "
                "where indicator_id = ? order by since",
                [indicator],
            ).fetchall()
        ]
        names = connection.execute(
            f"select source.name_{language}, source.licence from marts.indicator_source "
            "join marts.source using (source_id) where indicator_id = ? order by 1",
            [indicator],
        ).fetchall()
        lines.append(
            f"{say['sources']}: "
            + "; ".join(f"{name} ({licence or say['no_licence']})" for name, licence in names)
        )
        value = _value(connection, indicator, area, period, group)
        if value is None:
            asked = ", ".join(filter(None, (area, period, group)))
            return "\n".join([*lines, "", f"{say['no_value']}: {asked}"])
        lines += ["", *_number(value, say, language, meaning["interval"])]
        if meaning["kind"] == "composite":
            lines += _class(connection, value, say, language)
        lines += _beside(connection, value, say, language)
        if meaning["kind"] == "access":
            lines += _offers(connection, indicator, say)
        lines += _marks(connection, value, say, language)
        if meaning["kind"] == "model":
            lines += _read_by_model(connection, value, say, language)
            return "\n".join(lines)
        below = _values_below(connection, value, say, language)
    if below:
        return "\n".join([*lines, *below])
    if meaning["kind"] == "composite":
        return "\n".join(lines)
    if place.warehouse.exists() and value["status"] != "suppressed":
        lines += _rows(place, value, say)
    return "\n".join(lines)


def _one(connection: duckdb.DuckDBPyConnection, query: str, *values: Any) -> dict[str, Any] | None:
    rows = connection.execute(query, list(values)).pl().to_dicts()
    return rows[0] if rows else None


def _known(connection: duckdb.DuckDBPyConnection) -> str:
    names = connection.sql("select indicator_id from marts.indicator order by 1").fetchall()
    return ", ".join(name for (name,) in names)


def _value(
    connection: duckdb.DuckDBPyConnection,
    indicator: str,
    area: str | None,
    period: str | None,
    group: str,
) -> dict[str, Any] | None:
    return _one(
        connection,
        "select value.*, area.name as area_name, period.label_de, period.label_en "
        "from marts.indicator_value as value "
        "join marts.area as area using (area_system, area_version, area_id) "
        "join marts.period as period using (period_start, grain) "
        "where indicator_id = ? and group_id = ? "
        "and (area_id = ? or (? is null and area.parent_id is null)) "
        "and (? is null or value.period_start::varchar like ? || '%') "
        "order by grain = 'year' desc, value.value is null, value.period_start desc, "
        "value.status = 'observed' desc, area_version desc limit 1",
        indicator,
        group,
        area,
        area,
        period,
        period,
    )


def _shown(number: float | None, say: dict[str, str], language: str) -> str:
    if number is None:
        return say["no_value"]
    text = f"{number:,.2f}".removesuffix(".00")
    return text.translate(str.maketrans(",.", ".,")) if language == "de" else text


def _number(value: dict[str, Any], say: dict[str, str], language: str, interval: str) -> list[str]:
    def shown(number: float | None) -> str:
        return _shown(number, say, language)

    place = f"{value['area_name']} ({value['area_id']}, {value['area_version']})"
    figure = f"{shown(value['value'])} {value['unit']}"
    lines = [f"{place}, {value['label_' + language]}, {value['group_id']}: {figure}"]
    lines += [
        f"  {say[field]}: {shown(value[field])}"
        for field in ("numerator", "denominator")
        if value[field] is not None and value[field] != value["value"]
    ]
    if value["low"] is not None:
        limits = say.get(interval, say["range"])
        lines.append(f"  {limits}: {shown(value['low'])} – {shown(value['high'])}")
    status = STATUS_WORDS[value["status"]][0 if language == "de" else 1]
    lines.append(f"  {say['status']}: {status}; {say['as_of']}: {value['as_of']}")
    reason = value["reason"] if language == "de" else value["reason_en"]
    if reason:
        lines.append(f"  {say['reason']}: {reason}")
    return lines


_KEY = (
    "indicator_id",
    "area_system",
    "area_version",
    "area_id",
    "period_start",
    "grain",
    "group_id",
)


def _class(
    connection: duckdb.DuckDBPyConnection,
    value: dict[str, Any],
    say: dict[str, str],
    language: str,
) -> list[str]:
    """The class of an index and what each part contributes, instead of delivered rows."""
    same = " and ".join(f"{name} = ?" for name in _KEY)
    key = [value[name] for name in _KEY]
    lines = []
    found = _one(connection, f"select * from marts.indicator_class where {same}", *key)
    if found is not None and found["class_id"] is not None:
        compared = say["compared"].format(n=found["area_count"])
        lines.append(f"  {say['class']}: {found[f'class_{language}']} ({compared})")
    lines.append(f"{say['parts']}:")
    parts = connection.execute(
        f"select part_id, value, mean, z, weight from marts.indicator_class_part where {same} "
        "order by part_id",
        key,
    ).fetchall()
    for part, own, mean, z, weight in parts:
        figure, middle, score, factor = (
            _shown(number, say, language) for number in (own, mean, z, weight)
        )
        lines.append(
            f"  {part}: {figure}; {say['mean']}: {middle}; z: {score}; {say['weight']}: {factor}"
        )
    return lines


def _beside(
    connection: duckdb.DuckDBPyConnection,
    value: dict[str, Any],
    say: dict[str, str],
    language: str,
) -> list[str]:
    """Reference values, where the municipality has declared some: the whole, above, alike."""
    same = " and ".join(f"{name} = ?" for name in _KEY)
    end = "" if language == "de" else "_en"
    rows = connection.execute(
        f"select basis{end}, value, low, high, reason{end} from marts.indicator_reference "
        f"where {same} order by array_position(['whole', 'above', 'alike'], reference)",
        [value[name] for name in _KEY],
    ).fetchall()
    lines = [f"{say['beside']}:"] if rows else []
    for basis, number, low, high, reason in rows:
        figure = _shown(number, say, language)
        if low is not None:
            figure += f" ({_shown(low, say, language)} – {_shown(high, say, language)})"
        lines.append(f"  {basis}: {figure}" + (f"; {reason}" if reason else ""))
    return lines


def _offers(
    connection: duckdb.DuckDBPyConnection, indicator: str, say: dict[str, str]
) -> list[str]:
    """The lists of offers behind an access, one line per edition."""
    rows = connection.execute(
        "select facility_list_id, valid_on, count(*) filter (is_used), "
        "count(*) filter (not is_used) from marts.facility "
        "join marts.indicator_source on source_id = facility_list_id "
        "where indicator_id = ? group by all order by all",
        [indicator],
    ).fetchall()
    return [f"{say['offers']}:"] + [
        "  " + say["offers_of"].format(name=name, day=day, used=used, aside=aside)
        for name, day, used, aside in rows
    ]


def _read_by_model(
    connection: duckdb.DuckDBPyConnection,
    value: dict[str, Any],
    say: dict[str, str],
    language: str,
) -> list[str]:
    """What a city's own model reads: values of indicators by their command, measures by name."""
    rows = connection.execute(
        "select reads.model_id, reads.kind, reads.read_id, "
        f"coalesce(indicator.name_{language}, measure.name_{language}) "
        "from marts.indicator_read as reads "
        "left join marts.indicator as indicator "
        "on reads.kind = 'indicator' and reads.read_id = indicator.indicator_id "
        "left join marts.measure as measure "
        "on reads.kind = 'measure' and reads.read_id = measure.measure_id "
        "where reads.indicator_id = ? order by reads.kind, reads.read_id",
        [value["indicator_id"]],
    ).fetchall()
    lines = [f"{say['model'].format(model=rows[0][0])}:"] if rows else []
    for _, kind, read, name in rows:
        more = f": wirkraum explain {read} --area {value['area_id']}" if kind == "indicator" else ""
        lines.append(f"  {name} ({read}){more}")
    return lines


def _marks(
    connection: duckdb.DuckDBPyConnection,
    value: dict[str, Any],
    say: dict[str, str],
    language: str,
) -> list[str]:
    same = " and ".join(f"{name} = ?" for name in _KEY)
    rows = connection.execute(
        f"select sign, severity, text_{language}, question_{language} from marts.mark "
        f"where {same} order by sign",
        [value[name] for name in _KEY],
    ).fetchall()
    if not rows:
        return [f"{say['marks']}: {say['none']}"]
    lines = [f"{say['marks']}:"]
    for sign, severity, text, question in rows:
        lines += [f"  {sign} ({severity}): {text}", f"    → {question}"]
    return lines


def _values_below(
    connection: duckdb.DuckDBPyConnection,
    value: dict[str, Any],
    say: dict[str, str],
    language: str,
) -> list[str]:
    """The values of other indicators that a value is computed from, as they are published."""
    same = " and ".join(f"derivation.{name} = ?" for name in _KEY)
    rows = connection.execute(
        f"select base.indicator_id, period.label_{language}, base.value, base.unit, base.status, "
        "base.period_start from marts.indicator_derivation as derivation "
        "join marts.indicator_value as base on base.indicator_id = derivation.from_indicator_id "
        "and base.period_start = derivation.from_period_start "
        "and base.area_system = derivation.area_system "
        "and base.area_version = derivation.area_version and base.area_id = derivation.area_id "
        "and base.grain = derivation.grain and base.group_id = derivation.group_id "
        "join marts.period as period on period.period_start = base.period_start "
        f"and period.grain = base.grain where {same} order by base.indicator_id, base.period_start",
        [value[name] for name in _KEY],
    ).fetchall()
    lines = [f"{say['computed_from']}:"] if rows else []
    for name, label, number, unit, status, _ in rows:
        figure = say["no_value"] if number is None else f"{_shown(number, say, language)} {unit}"
        words = STATUS_WORDS[status][0 if language == "de" else 1]
        lines.append(f"  {name}, {label}: {figure} ({words})")
    asked = f"--area {value['area_id']}"
    if value["group_id"] != "all":
        asked += f" --group '{value['group_id']}'"
    if rows:
        name, start = rows[-1][0], rows[-1][-1]
        asked += f" --period {start:%Y-%m}"
        lines.append(f"  {say['explained_by']}: wirkraum explain {name} {asked}")
    return lines


_ROWS_BELOW = """
with place as (
    select
        $version as area_version,
        $area as area_id,
        cast(null as varchar) as basis,
        false as is_default
    union
    select crosswalk.from_version, crosswalk.from_area_id, crosswalk.basis, crosswalk.is_default
    from staging.stg_crosswalk as crosswalk
    join staging.stg_area_lineage as lineage
        on lineage.area_system = crosswalk.area_system
        and lineage.area_version = crosswalk.to_version
        and lineage.area_id = crosswalk.to_area_id
    join marts.area as area
        on area.area_version = crosswalk.to_version and area.area_id = lineage.ancestor_id
    anti join read_parquet($unchanged) as unchanged
        on unchanged.from_version = crosswalk.from_version
        and unchanged.to_version = crosswalk.to_version
        and unchanged.level = area.level
    -- Slivers of a border change nothing that can be seen.
    where crosswalk.to_version = $version
        and lineage.ancestor_id = $area
        and crosswalk.weight >= 0.01
    union
    select unchanged.from_version, area.area_id, null, false
    from read_parquet($unchanged) as unchanged
    join marts.area as area
        on area.area_version = unchanged.to_version and area.level = unchanged.level
    where unchanged.to_version = $version and area.area_id = $area
)

select distinct
    delivery.file_name,
    observation.row_ref,
    observation.measure_id,
    observation.group_id,
    observation.area_id,
    observation.period_start,
    case when source.protection = 'none' then observation.value end as value,
    case when source.protection = 'none' then correction.corrected end as corrected,
    correction.line as corrected_by,
    correction.told
from staging.stg_observation as observation
join marts.delivery as delivery using (delivery_id)
join marts.source as source on source.source_id = observation.source_id
join marts.measure as measure on measure.measure_id = observation.measure_id
join (
    select indicator_id, measure_id, group_id from read_parquet($terms)
    union all
    select indicator_id, measure_id, group_id from read_parquet($bands)
) as term
    on term.measure_id = observation.measure_id
    and observation.group_id in (term.group_id, $group)
join staging.stg_area_lineage as lineage
    on lineage.area_system = observation.area_system
    and lineage.area_version = observation.area_version
    and lineage.area_id = observation.area_id
join place
    on place.area_version = lineage.area_version
    and place.area_id = lineage.ancestor_id
    and (
        place.basis is null
        or place.basis = measure.carried_by
        or (measure.carried_by is null and place.is_default)
    )
left join core.measure_correction as correction
    on correction.measure_id = observation.measure_id
    and correction.area_system = observation.area_system
    and correction.area_version = observation.area_version
    and correction.area_id = observation.area_id
    and correction.period_start = observation.period_start
    and correction.grain = observation.grain
    and correction.group_id = observation.group_id
    and correction.verdict = 'applied'
where term.indicator_id = $indicator
    and year(observation.period_start) = year($period::date)
    and ($grain = 'year' or observation.period_start = $period::date)
    and observation.row_ref <> ''
order by all
"""


def _rows(place: Place, value: dict[str, Any], say: dict[str, str], most: int = 12) -> list[str]:
    """The delivered rows below a value; values of protected sources stay hidden."""
    with duckdb.connect(str(place.warehouse), read_only=True) as connection:
        rows = connection.execute(
            _ROWS_BELOW,
            {
                "version": value["area_version"],
                "area": value["area_id"],
                "indicator": value["indicator_id"],
                "group": value["group_id"],
                "period": value["period_start"],
                "grain": value["grain"],
                "unchanged": str(place.inputs / "unchanged_level.parquet"),
                "terms": str(place.inputs / "indicator_term.parquet"),
                "bands": str(place.inputs / "indicator_band.parquet"),
            },
        ).fetchall()
    lines = [f"{say['made_of']}:"]
    for row in rows[:most]:
        file_name, ref, measure, group, area_id, period, number, corrected, line, told = row
        shown = "–" if number is None else f"{number:.15g}"
        if line is not None:
            new = "–" if corrected is None else f"{corrected:.15g}"
            shown += f" → {new} ({say['corrected']}, corrections.csv:{line}"
            shown += f", {say['told']}: {told})" if told else ")"
        lines.append(f"  {file_name}, {ref}: {measure} [{group}] {area_id} {period}: {shown}")
    if len(rows) > most:
        lines.append("  " + say["and_more"].format(n=len(rows) - most))
    return lines
