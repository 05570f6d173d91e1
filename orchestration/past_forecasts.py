"""Says in words how wrong published forecasts were so far."""

from typing import Any, Final

import duckdb

from orchestration.place import Place

_WORDS: Final = {
    "de": {
        "title": "Wie oft veröffentlichte Ausblicke hielten",
        "unseen": "noch kein veröffentlichter Ausblick ist eingetroffen",
        "backtest": "Im Rückblick, aus früheren Ständen vorausgesagt",
        "looked": "{ahead} voraus: {inside} von {forecasts} Werten im 80-%-Bereich, aus {origins}",
        "states": ("früheren Stand", "früheren Ständen"),
        "withheld": "{ahead} voraus: geschützt",
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
        "backtest": "Looking back, forecast from earlier states",
        "looked": "{ahead} ahead: {inside} of {forecasts} values within the 80 % range, from "
        "{origins}",
        "states": ("earlier state", "earlier states"),
        "withheld": "{ahead} ahead: withheld",
        "grain": {
            "month": ("month", "months"),
            "quarter": ("quarter", "quarters"),
            "half_year": ("half-year", "half-years"),
            "year": ("year", "years"),
        },
    },
}


def past_forecasts(place: Place, indicator: str | None, language: str) -> str:
    """How often the forecasts of an indicator held, or of all that are forecast, in sentences.

    Reads what is published. Where nothing has come true yet it says how forecasts from earlier
    states would have fared. Raises FileNotFoundError where nothing is published, or no such
    indicator is looked ahead at.
    """
    if not place.published_warehouse.exists():
        raise FileNotFoundError(
            f"nothing is published in {place.folder} yet: wirkraum run {place.folder}"
        )
    say: dict[str, Any] = _WORDS.get(language, _WORDS["de"])
    language = language if language in _WORDS else "de"
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
            lines += _of_indicator(connection, name, language, say)
    return "\n".join(lines)


def _of_indicator(
    connection: duckdb.DuckDBPyConnection, indicator: str, language: str, say: dict[str, Any]
) -> list[str]:
    fared = connection.execute(
        f"select level, text_{language} from marts.forecast_record where indicator_id = ? "
        "order by area_system, level, grain, scenario_id, kind, acted_on, ahead",
        [indicator],
    ).fetchall()
    lines = [f"  {level}: {words}" for level, words in fared] or [f"  {say['unseen']}"]
    looked = connection.execute(
        "select level, grain, ahead, forecasts, origins, coverage_80 from marts.forecast_backtest "
        "where indicator_id = ? and published "
        "order by area_system, area_version, level, grain, ahead",
        [indicator],
    ).fetchall()
    if looked:
        lines.append(f"  {say['backtest']}:")
    for level, grain, ahead, forecasts, origins, coverage in looked:
        told = say["withheld"] if coverage is None else say["looked"]
        line = told.format(
            ahead=f"{ahead} {say['grain'][grain][ahead != 1]}",
            inside="" if coverage is None else round(coverage * forecasts / 100),
            forecasts=forecasts,
            origins=f"{origins} {say['states'][origins != 1]}",
        )
        lines.append(f"    {level}, {line}")
    return lines
