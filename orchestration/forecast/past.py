"""Says in words how wrong published forecasts were so far."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any, Final

import duckdb

from orchestration.place import Place

_WORDS: Final = {
    "de": {
        "title": "Wie oft veröffentlichte Ausblicke hielten",
        "unseen": "noch kein veröffentlichter Ausblick ist eingetroffen",
        "few": "{level}: {scored} {kind}{acted} eingetroffen, {ahead}, je Abstand zu wenige, um "
        "etwas daraus zu schließen",
        "acted": (
            ", nach der etwas beschlossen oder begonnen wurde,",
            ", nach denen etwas beschlossen oder begonnen wurde,",
        ),
        "forecast": (" voraus", "Voraussage", "Voraussagen"),
        "nowcast": (" danach", "Hochrechnung", "Hochrechnungen"),
        "to": "bis",
        "point": ",",
        "backtest": "Im Rückblick, aus früheren Ständen vorausgesagt",
        "looked": "{level}, {ahead}: {inside} von {forecasts} Werten im 80-%-Bereich, im Mittel "
        "{error} % des Werts daneben (aus {origins})",
        "states": ("früheren Stand", "früheren Ständen"),
        "withheld": "{level}, {ahead}: geschützt",
        "grain": {
            "month": ("Monat", "Monate"),
            "quarter": ("Quartal", "Quartale"),
            "half_year": ("Halbjahr", "Halbjahre"),
            "year": ("Jahr", "Jahre"),
        },
    },
    "en": {
        "title": "How often published looks ahead held",
        "unseen": "no published look ahead has come due yet",
        "few": "{level}: {scored} {kind}{acted} came due, {ahead}, too few at each distance to say "
        "anything",
        "acted": (" after which something was decided or begun",) * 2,
        "forecast": (" ahead", "forecast", "forecasts"),
        "nowcast": (" later", "nowcast", "nowcasts"),
        "to": "to",
        "point": ".",
        "backtest": "Looking back, forecast from earlier states",
        "looked": "{level}, {ahead}: {inside} of {forecasts} values within the 80 % range, off by "
        "{error} % of the value on average (from {origins})",
        "states": ("earlier state", "earlier states"),
        "withheld": "{level}, {ahead}: withheld",
        "grain": {
            "month": ("month", "months"),
            "quarter": ("quarter", "quarters"),
            "half_year": ("half-year", "half-years"),
            "year": ("year", "years"),
        },
    },
}


def past_forecasts(place: Place, indicator: str | None, language: str) -> str:
    """How often the forecasts of an indicator held, in sentences; without one, of all in short.

    Reads what is published. How forecasts from earlier states would have fared stands beside it.
    Raises FileNotFoundError where nothing is published, or the indicator was never forecast.
    """
    if not place.published_warehouse.exists():
        raise FileNotFoundError(
            f"nothing is published in {place.folder} yet: wirkraum run {place.folder}"
        )
    language = language if language in _WORDS else "de"
    say: dict[str, Any] = _WORDS[language]
    with duckdb.connect(str(place.published_warehouse), read_only=True) as connection:
        known = connection.sql(
            f"select indicator_id, name_{language}, unit from marts.indicator where indicator_id "
            "in (select indicator_id from marts.forecast union "
            "select indicator_id from marts.forecast_record) order by all"
        ).fetchall()
        chosen = [row for row in known if indicator in (None, row[0])]
        if indicator is not None and not chosen:
            names = ", ".join(row[0] for row in known) or "none"
            raise FileNotFoundError(
                f"nothing was ever forecast for {indicator!r}; there are forecasts for: {names}"
            )
        lines = [say["title"]]
        for name, words, unit in chosen:
            lines += ["", f"{words} ({name}) [{unit}]"]
            lines += _fared(connection, name, language) or [f"  {say['unseen']}"]
            lines += _looked_back(connection, name, say, each=indicator is not None)
    return "\n".join(lines)


def _fared(connection: duckdb.DuckDBPyConnection, indicator: str, language: str) -> list[str]:
    say: dict[str, Any] = _WORDS[language]
    rows = connection.execute(
        "select level || if(scenario_id = 'trend', '', ', ' || scenario_id), grain, kind, "
        "acted_on, status = 'missing', ahead, scored, "
        f"text_{language} from marts.forecast_record where indicator_id = ? "
        "order by area_system, level, grain, scenario_id, kind, acted_on, 5, abs(ahead)",
        [indicator],
    ).fetchall()
    lines = []
    for (level, grain, kind, acted_on, too_few), group in groupby(rows, lambda row: row[:5]):
        found = list(group)
        if not too_few:
            lines += [f"  {level}: {words}" for *_, words in found]
            continue
        scored = sum(row[6] for row in found)
        direction, one, many = say[kind]
        told = say["few"].format(
            level=level,
            scored=scored,
            kind=one if scored == 1 else many,
            acted=say["acted"][scored != 1] if acted_on else "",
            ahead=_distances([abs(row[5]) for row in found], grain, say) + direction,
        )
        lines.append(f"  {told}")
    return lines


def _looked_back(
    connection: duckdb.DuckDBPyConnection, indicator: str, say: dict[str, Any], *, each: bool
) -> Iterator[str]:
    rows = connection.execute(
        "select level, grain, ahead, forecasts, origins, coverage_80, smape "
        "from marts.forecast_backtest where indicator_id = ? and published "
        "order by area_system, area_version, level, grain, ahead",
        [indicator],
    ).fetchall()
    if rows:
        yield f"  {say['backtest']}:"
    for (level, grain, _), group in groupby(rows, lambda row: (*row[:2], each and row[2])):
        found = list(group)
        distances = _distances([row[2] for row in found], grain, say) + say["forecast"][0]
        if any(row[5] is None for row in found):
            told = say["withheld"].format(level=level, ahead=distances)
        else:
            forecasts = sum(row[3] for row in found)
            inside = sum(round(row[5] * row[3] / 100) for row in found)
            error = sum(row[6] * row[3] for row in found) / forecasts
            origins = [row[4] for row in found]
            told = say["looked"].format(
                level=level,
                ahead=distances,
                inside=inside,
                forecasts=forecasts,
                error=_percent(error, say),
                origins=f"{_range(origins, say)} {say['states'][max(origins) != 1]}",
            )
        yield f"    {told}"


def _distances(ahead: list[int], grain: str, say: dict[str, Any]) -> str:
    return f"{_range(ahead, say)} {say['grain'][grain][max(ahead) != 1]}"


def _range(numbers: list[int], say: dict[str, Any]) -> str:
    low, high = min(numbers), max(numbers)
    return str(low) if low == high else f"{low} {say['to']} {high}"


def _percent(error: float, say: dict[str, Any]) -> str:
    return str(round(error)) if error >= 1 else f"{error:.1f}".replace(".", say["point"])
