"""What a city's own model makes is withheld with what it reads, as far as it reaches."""

from typing import Any

import polars as pl
import pytest

from exports.disclosure import DERIVED, Rule, mask_protected, protect
from tests.unit.exports import frames


def _tables(first: float, reach: str, protection: str = "none") -> dict[str, pl.DataFrame]:
    """A count and a model of it in two areas and two years; one count of the first year given."""
    rows: list[dict[str, Any]] = []
    for year, count in ((2023, first), (2024, 30.0)):
        for area, cases in (("01", count), ("02", 20.0)):
            rows.append(frames.value("hilfen", area, year, cases, None))
            rows.append(frames.value("mittel", area, year, None, None, figure=cases / 10))
    values = pl.DataFrame(rows, schema=frames.VALUE_SCHEMA)
    smallest = values.filter(indicator_id="mittel").with_columns(smallest_count=pl.lit(20.0))
    return {
        "indicator_value": values,
        "indicator": pl.DataFrame(
            [frames.indicator("hilfen", "count"), frames.indicator("mittel", "model")]
        ),
        "indicator_read": pl.DataFrame(
            {"indicator_id": "mittel", "kind": "indicator", "read_id": "hilfen", "reach": reach}
        ),
        "indicator_smallest_count": smallest.drop("value"),
        "indicator_source": pl.DataFrame(
            {"indicator_id": ["hilfen", "mittel"], "source_id": ["amt", "amt"]}
        ),
        "source": pl.DataFrame([frames.source("amt", "x", protection)]),
        "measure": pl.DataFrame({"measure_id": ["m"], "source_id": ["amt"]}),
        "forecast": pl.DataFrame(schema=frames.FORECAST_SCHEMA),
        "mark": pl.DataFrame(schema=frames.MARK_SCHEMA),
    }


def _withheld(values: pl.DataFrame) -> set[tuple[str, int]]:
    found = values.filter(indicator_id="mittel", status="suppressed")
    assert found["value"].null_count() == found.height
    return set(found.select("area_id", pl.col("period_start").dt.year()).rows())


@pytest.mark.parametrize(
    ("reach", "expected"),
    [
        ("own_cell", {("01", 2023)}),
        ("own_area", {("01", 2023), ("01", 2024)}),
        ("other_areas", {("01", 2023), ("01", 2024), ("02", 2023), ("02", 2024)}),
    ],
)
def test_a_withheld_value_is_withheld_as_far_as_the_model_reaches(
    reach: str, expected: set[tuple[str, int]]
) -> None:
    values = protect(_tables(3.0, reach), Rule(5))["indicator_value"]
    assert _withheld(values) == expected
    reasons = values.filter(indicator_id="mittel", status="suppressed").select(
        "reason", "reason_en"
    )
    assert set(reasons.rows()) == {DERIVED}
    assert _withheld(protect(_tables(30.0, reach), Rule(5))["indicator_value"]) == set()


def test_the_published_warehouse_withholds_a_model_of_protected_counts_too() -> None:
    masked = mask_protected(_tables(3.0, "own_area", "sozialdaten"))["indicator_value"]
    assert _withheld(masked) == {("01", 2023), ("01", 2024)}
    assert _withheld(mask_protected(_tables(3.0, "own_area"))["indicator_value"]) == set()


@pytest.mark.parametrize(("smallest", "expected"), [(3.0, 4), (None, 4), (5.0, 0)])
def test_the_smallest_count_that_the_model_names_decides(
    smallest: float | None, expected: int
) -> None:
    tables = _tables(30.0, "own_cell")
    tables["indicator_smallest_count"] = tables["indicator_smallest_count"].with_columns(
        smallest_count=pl.lit(smallest, pl.Float64)
    )
    assert len(_withheld(protect(tables, Rule(5))["indicator_value"])) == expected


def test_a_model_that_reads_nothing_known_is_refused() -> None:
    tables = _tables(30.0, "own_cell")
    del tables["indicator_read"]
    with pytest.raises(ValueError, match="cannot judge what is read by: mittel"):
        protect(tables, Rule(5))
