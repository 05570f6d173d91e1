"""What a scenario shows is as protected as the look ahead and the parts it rests on."""

from typing import Any

import polars as pl
import pytest

from exports.disclosure import suppress_refutations, suppress_scenarios
from forecasting.scenarios import CHANCE_SCHEMA, DIFFERENCE_SCHEMA, RESULT_SCHEMA
from orchestration.scenarios.schemas import REFUTATION_SCHEMA
from tests.unit.exports import frames


def values(**status: str) -> pl.DataFrame:
    """Values of 2022 and 2023 of areas, the one of 2022 with this status."""
    rows: list[dict[str, Any]] = []
    for area, said in status.items():
        hidden: dict[str, Any] = {"status": said}
        if said == "suppressed":
            hidden |= {"value": None, "numerator": None}
        rows.append(frames.value("count", area, 2022, 40.0) | hidden)
        rows.append(frames.value("count", area, 2023, 40.0))
    return pl.DataFrame(rows, schema=frames.VALUE_SCHEMA)


def told(area: str, year: int = 2024, **other: Any) -> dict[str, Any]:
    """One row of a scenario table."""
    row = frames.forecast("count", area, year, scenario_id="s", alternative_id="more", **other)
    row |= {"value_percent": -7.3, "draws": 10, "seed": 1, "goal_id": "g", "target": 30.0}
    row |= {"chance_de": "in etwa 6 von 10", "chance_en": "in about 6 of 10", "held_de": "h"}
    return row | {"held_en": "h", "held_of_ten": 7, "direction": "at_most"}


def rows(schema: pl.Schema, *found: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(
        [{name: one.get(name) for name in schema} | {"value": 6} for one in found], schema=schema
    )


@pytest.mark.parametrize("schema", [RESULT_SCHEMA, DIFFERENCE_SCHEMA, CHANCE_SCHEMA])
def test_a_withheld_part_takes_along_what_it_moves(schema: pl.Schema) -> None:
    """A known effect and a known difference of the whole would give its share away."""
    known = values(**{"01": "observed", "0101": "suppressed", "0102": "observed"})
    found = suppress_scenarios(
        rows(
            schema,
            told("01"),
            told("01", parts="0102"),
            told("01", parts="0101, 0102"),
            told("01", parts="0102, 0101"),
        ),
        known,
    )
    assert (found["status"] == "suppressed").to_list() == [False, False, True, True]
    hidden = found.filter(status="suppressed")
    for name in ("value", "value_percent", "held_of_ten"):
        if name in schema:
            assert hidden[name].null_count() == 2
            assert found.head(2)[name].null_count() == 0
    if "chance_de" in schema:
        assert hidden["chance_de"].to_list() == ["geschützt"] * 2
        assert hidden["chance_en"].to_list() == ["withheld"] * 2
    assert hidden["reason"].str.contains("geschützt").all()


def test_a_withheld_look_ahead_has_no_alternatives() -> None:
    """As of forecasts: the last known value, the period's own, any where seasons are repeated."""
    known = values(**{"01": "observed", "02": "suppressed"}).filter(
        ~((pl.col("area_id") == "02") & (pl.col("period_start").dt.year() == 2023))
    )
    found = suppress_scenarios(rows(RESULT_SCHEMA, told("01"), told("02")), known)
    assert (found["status"] == "suppressed").to_list() == [False, True]
    repeated = values(**{"01": "suppressed"})
    again = rows(RESULT_SCHEMA, told("01", model="seasonal_naive"), told("01"))
    assert (suppress_scenarios(again, repeated)["status"] == "suppressed").to_list() == [
        True,
        False,
    ]


def test_a_year_is_withheld_with_the_months_it_is_the_sum_of() -> None:
    known = values(**{"01": "observed", "0101": "observed"})
    months = known.with_columns(grain=pl.lit("month"), status=pl.lit("suppressed"))
    both = pl.concat([known, months.filter(area_id="0101")])
    found = suppress_scenarios(
        rows(RESULT_SCHEMA, told("01"), told("0101"), told("01", parts="0101")), both
    )
    assert (found["status"] == "suppressed").to_list() == [False, True, True]


def test_whether_a_withheld_value_refutes_is_withheld() -> None:
    row = frames.forecast("count", "01", 2022, value=41.0, status="observed")
    said = row | {"scenario_id": "s", "refutation_id": "r", "found": "above", "threshold": 40.0}
    said |= {"state": "refuted", "state_de": "widerlegt", "state_en": "refuted"}
    frame = pl.DataFrame(
        [{name: (said | {"period_start": one}).get(name) for name in REFUTATION_SCHEMA}
         for one in (frames.value("count", "01", 2022, 1.0)["period_start"],
                     frames.value("count", "01", 2023, 1.0)["period_start"])],
        schema=REFUTATION_SCHEMA,
    )  # fmt: skip
    found = suppress_refutations(frame, values(**{"01": "suppressed"}))
    assert found.select("value", "state", "state_de").rows() == [
        (None, "withheld", "geschützt"),
        (41.0, "refuted", "widerlegt"),
    ]
