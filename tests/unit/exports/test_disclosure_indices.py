"""An index gives no withheld component away, in its own area or by way of the others."""

from typing import Any

import polars as pl
import pytest

from exports.disclosure import COMPONENT, Rule, mask_protected, protect
from exports.tables import keep_public_levels
from tests.unit.exports import frames

COMPONENTS = pl.DataFrame({"indicator_id": ["lage"], "part_id": ["hilfen"]})


def _tables(first: float, protection: str = "none") -> dict[str, pl.DataFrame]:
    """A count and an index of it in two areas and two years; one count of the first year given."""
    rows: list[dict[str, Any]] = []
    for year, count in ((2023, first), (2024, 30.0)):
        for area, cases in (("01", count), ("02", 20.0)):
            rows.append(frames.value("hilfen", area, year, cases, None))
            rows.append(frames.value("lage", area, year, None, None, figure=cases / 10))
    values = pl.DataFrame(rows, schema=frames.VALUE_SCHEMA)
    index = values.filter(indicator_id="lage")
    return {
        "indicator_value": values,
        "indicator": pl.DataFrame(
            [frames.indicator("hilfen", "count"), frames.indicator("lage", "composite")]
        ),
        "indicator_component": COMPONENTS,
        "indicator_source": pl.DataFrame(
            {"indicator_id": ["hilfen", "lage"], "source_id": ["amt", "amt"]}
        ),
        "source": pl.DataFrame([frames.source("amt", "x", protection)]),
        "measure": pl.DataFrame({"measure_id": ["m"], "source_id": ["amt"]}),
        "forecast": pl.DataFrame(schema=frames.FORECAST_SCHEMA),
        "mark": pl.DataFrame(schema=frames.MARK_SCHEMA),
        "indicator_class": index.with_columns(
            class_id=pl.lit("1"),
            class_de=pl.lit("hoch"),
            class_en=pl.lit("high"),
            above=pl.lit(0.0),
            up_to=pl.lit(9.0),
        ),
        "indicator_class_part": index.with_columns(
            part_id=pl.lit("hilfen"),
            mean=pl.lit(12.0),
            standard_deviation=pl.lit(8.0),
            z=pl.lit(1.0),
        ),
    }


@pytest.mark.parametrize("first", [3.0, 30.0])
def test_one_small_part_withholds_the_edition_everywhere(first: float) -> None:
    small = first < 5
    index = protect(_tables(first), Rule(5))["indicator_value"].filter(indicator_id="lage")
    by_year = {
        year: index.filter(pl.col("period_start").dt.year() == year) for year in (2023, 2024)
    }
    assert by_year[2023]["value"].null_count() == (2 if small else 0)
    assert set(by_year[2023]["status"]) == {"suppressed" if small else "observed"}
    if small:
        assert set(by_year[2023]["reason"]) == {COMPONENT[0]}
        assert set(by_year[2023]["reason_en"]) == {COMPONENT[1]}
    assert by_year[2024]["value"].to_list() == [3.0, 2.0]


@pytest.mark.parametrize("protection", ["none", "sozialdaten"])
def test_classes_and_scores_follow(protection: str) -> None:
    masked = mask_protected(_tables(3.0, protection))
    left = 4 if protection == "none" else 2
    for column in ("value", "class_id", "class_de", "class_en", "above", "up_to"):
        assert masked["indicator_class"][column].count() == left
    parts = masked["indicator_class_part"]
    for column in ("mean", "standard_deviation", "z"):
        assert parts[column].count() == left
    assert parts["value"].count() == (4 if protection == "none" else 3)


def test_an_index_of_unknown_parts_is_not_judged() -> None:
    tables = _tables(30.0)
    del tables["indicator_component"]
    with pytest.raises(ValueError, match="cannot judge the components of: lage"):
        protect(tables, Rule(5))


def test_the_public_gets_no_finer_level_than_declared() -> None:
    tables = _tables(30.0)
    tables["area"] = pl.DataFrame(
        {
            "area_system": tables["indicator_value"]["area_system"][0],
            "area_version": tables["indicator_value"]["area_version"][0],
            "area_id": ["01", "02"],
            "level": ["quartier", "stadtteil"],
            "level_rank": [0, 1],
        }
    )
    assert keep_public_levels(tables)["indicator_value"].height == 8
    tables["indicator"] = tables["indicator"].with_columns(
        public_level=pl.when(pl.col("indicator_id") == "lage").then(pl.lit("stadtteil"))
    )
    left = keep_public_levels(tables)["indicator_value"]
    assert left.filter(indicator_id="hilfen").height == 4
    assert set(left.filter(indicator_id="lage")["area_id"]) == {"02"}
