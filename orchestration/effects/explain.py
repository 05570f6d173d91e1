"""Says in words and as a picture what a programme may have changed, and why so."""

from collections.abc import Iterator
from typing import Any

import duckdb
import polars as pl

from forecasting.effects.looking_back import beside_each, look
from forecasting.effects.path import path_of_city, path_of_districts
from orchestration.declarations.tree import read_declarations
from orchestration.effects.step import neighbours_of, pairs_of, places_of
from orchestration.place import Place

_VERDICTS = {
    "supported": ("gestützt", "supported"),
    "points_that_way": ("deutet in diese Richtung", "points that way"),
    "not_distinguishable": ("nicht zu unterscheiden", "not distinguishable"),
    "too_early": ("zu früh", "too early"),
    "cannot_be_judged": ("nicht zu beurteilen", "cannot be judged"),
}
_TOLD = {
    "de": {
        "logic": "Angenommen ist",
        "why": "Warum dort",
        "others": "Wer noch darauf einwirkt",
        "word": "Wort",
        "known": "Bekannt am",
        "picture": "● mit dem Programm   ○ zu erwarten ohne   (vorher im Mittel = 100)",
        "picture_unit": "● mit dem Programm   ○ zu erwarten ohne   (in der Einheit der Kennzahl)",
        "after": "zählt als nachher",
    },
    "en": {
        "logic": "Assumed is",
        "why": "Why there",
        "others": "Who else acts on it",
        "word": "Word",
        "known": "Known on",
        "picture": "● with the programme   ○ to be expected without   (before on average = 100)",
        "picture_unit": "● with the programme   ○ to be expected without   (unit of the indicator)",
        "after": "counts as after",
    },
}
_WIDTH = 50


def explain_effect(place: Place, programme_id: str, indicator_id: str, language: str) -> str:
    """The words on one pair of a programme and an indicator, with what was to be expected.

    Reads the published warehouse and the declarations. Raises FileNotFoundError where nothing was
    published yet or where no programme names the indicator.
    """
    if not place.published_warehouse.exists():
        raise FileNotFoundError(
            f"{place.published_warehouse} is not there; `wirkraum run {place.folder}` makes it"
        )
    with duckdb.connect(str(place.published_warehouse), read_only=True) as connection:
        rows = connection.execute(
            "select effect.*, programme.*, indicator.name_de as indicator_de, "
            "indicator.name_en as indicator_en, effect.as_of as known_on "
            "from marts.effect as effect join marts.programme using (programme_id) "
            "join marts.indicator using (indicator_id) "
            "where programme_id = ? and indicator_id = ?",
            [programme_id, indicator_id],
        ).pl()
        if rows.is_empty():
            pairs = connection.sql(
                "select programme_id, indicator_id from marts.effect order by all"
            ).fetchall()
            known = ", ".join(" ".join(pair) for pair in pairs)
            raise FileNotFoundError(
                f"no programme {programme_id!r} names the indicator {indicator_id!r}; there are "
                f"{known or 'none at all'}"
            )
        values = connection.execute(
            "select value.*, area.level from marts.indicator_value as value "
            "join marts.area as area using (area_system, area_version, area_id) "
            "where indicator_id = ? and not area.is_unassigned order by all",
            [indicator_id],
        ).pl()
    row = rows.row(0, named=True)
    return "\n".join([*_words(row, language), *_picture(place, row, values, language)])


def _words(row: dict[str, Any], language: str) -> list[str]:
    told = _TOLD[language]
    verdict = _VERDICTS[row["verdict"]][0 if language == "de" else 1]
    reason = row["reason" if language == "de" else "reason_en"]
    lines = [
        f"{row[f'name_{language}']} × {row[f'indicator_{language}']}",
        "",
        f"{told['word']}: {verdict}",
        reason,
        f"{told['known']}: {row['known_on']}",
        "",
    ]
    for name, field in (("logic", "outcome"), ("why", "chosen_because"), ("others", "also_acting")):
        if row[f"{field}_{language}"]:
            said = row[f"{field}_{language}"].replace("\n", "; ")
            lines.append(f"{told[name]}: {said}")
    return lines


def _picture(place: Place, row: dict[str, Any], values: pl.DataFrame, language: str) -> list[str]:
    declared = read_declarations(place.folder)
    pair = pairs_of(declared).row(
        by_predicate=(pl.col("programme_id") == row["programme_id"])
        & (pl.col("indicator_id") == row["indicator_id"]),
        named=True,
    )
    places = places_of(declared)
    beside = beside_each(neighbours_of(declared, places))
    case = look(pair, values, places.filter(programme_id=row["programme_id"]), beside)
    if case.evidence is not None:
        path = path_of_districts(case.evidence)
        is_log = case.evidence.setting.panel.is_log
    elif case.city is not None:
        path, is_log = path_of_city(case.city), case.city.series.is_log
    else:
        return []
    told = _TOLD[language]
    drawn = list(drawing(path, told["after"]))
    return ["", told["picture" if is_log else "picture_unit"], *drawn]


def drawing(path: pl.DataFrame, after: str) -> Iterator[str]:
    """One line for each span: its day, both values, and where they lie."""
    low, high = (
        getattr(pl.concat([path["observed"], path["expected"]]), name)() for name in ("min", "max")
    )
    width = (high - low) or 1.0
    for day, observed, expected, is_after in path.iter_rows():
        line = [" "] * (_WIDTH + 1)
        line[round(_WIDTH * (expected - low) / width)] = "○"
        line[round(_WIDTH * (observed - low) / width)] = "●"
        text = "".join(line).rstrip()
        yield (
            f"{day:%m/%Y} {observed:9.1f} {expected:9.1f}  "
            + (f"{text:<{_WIDTH + 1}}  {after}" if is_after else text)
        )
