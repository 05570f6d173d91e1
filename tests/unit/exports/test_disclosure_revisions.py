"""Older states give nothing away that the value of today withholds, nor the other way round."""

from datetime import date
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from exports.disclosure import (
    REVISION_FIGURES,
    Rule,
    mask_protected,
    suppress_revisions,
    suppress_values,
)
from exports.vocabulary import AREA, KEY
from tests.unit.exports import frames

INDICATORS = pl.DataFrame({"indicator_id": ["n", "r"], "kind": ["count", "rate"]})
PLACE = dict(zip(AREA, ("raum", "1", "01"), strict=True))
CELL = PLACE | {"period_start": date(2023, 1, 1), "grain": "year", "group_id": "all"}


def states(indicator: str, *counts: float, area: str = "01") -> list[dict[str, object]]:
    """The states of one value, as `indicator_revision` lists them."""
    return [
        CELL
        | {"indicator_id": indicator, "area_id": area, "revision": number}
        | {"numerator": count, "denominator": 100.0 if indicator == "r" else None}
        | {"value": count, "first_value": counts[0], "total_change": count - counts[0]}
        | {"change": None if number == 0 else count - counts[number - 1]}
        | {"change_percent": None if number == 0 else 1.0, "total_change_percent": 1.0}
        | {"status": "observed", "reason": None, "reason_en": None}
        for number, count in enumerate(counts)
    ]


def frame(rows: list[dict[str, object]]) -> pl.DataFrame:
    types: dict[str, Any] = {"reason": pl.String, "reason_en": pl.String}
    types |= {name: pl.Float64 for name in REVISION_FIGURES if name in rows[0]}
    return pl.DataFrame(rows, schema_overrides=types)


def today(revisions: pl.DataFrame, rule: Rule) -> pl.DataFrame:
    last = revisions.group_by(KEY, maintain_order=True).last()
    values = last.with_columns(low=pl.lit(None, pl.Float64), high=pl.lit(None, pl.Float64))
    return suppress_values(values, INDICATORS, rule)


counts = st.lists(st.integers(0, 12).map(float), min_size=2, max_size=4)


@settings(max_examples=100)
@given(
    cells=st.dictionaries(st.tuples(st.sampled_from("nr"), st.sampled_from("abc")), counts),
    minimum=st.integers(2, 8),
)
def test_no_state_of_a_value_that_was_ever_small_is_shown(
    cells: dict[tuple[str, str], list[float]], minimum: int
) -> None:
    rows = [row for (name, area), found in cells.items() for row in states(name, *found, area=area)]
    if not rows:
        return
    rule, before = Rule(minimum), frame(rows)
    after = suppress_revisions(before, today(before, rule), INDICATORS, rule)
    assert after.select("indicator_id", "area_id", "revision").equals(
        before.select("indicator_id", "area_id", "revision")
    )
    for row, was in zip(after.rows(named=True), before.rows(named=True), strict=True):
        ever_small = any(0 < one < minimum for one in cells[(row["indicator_id"], row["area_id"])])
        if ever_small:
            assert all(row[name] is None for name in REVISION_FIGURES if name in row)
            assert (row["status"], row["reason"]) == ("suppressed", rule.reason[0])
        else:
            assert row == was


def test_what_is_withheld_today_has_no_states_to_show() -> None:
    before = frame(states("n", 20, 30))
    values = today(before, Rule(5)).with_columns(status=pl.lit("suppressed"))
    after = suppress_revisions(before, values, INDICATORS, Rule(5))
    assert after["value"].null_count() == after["change"].null_count() == 2


def test_the_warehouse_mask_knows_revisions_of_protected_sources_only() -> None:
    marts = frames.marts()
    kinds = dict(marts["indicator"].select("indicator_id", "kind").iter_rows())
    count = next(name for name, kind in kinds.items() if kind == "count" and name != "offen")
    marts["indicator_revision"] = frame([*states(count, 4, 40), *states("offen", 4, 40)])
    masked = mask_protected(marts, Rule(5))["indicator_revision"]
    assert masked.filter(indicator_id=count)["value"].null_count() == 2
    assert masked.filter(indicator_id="offen")["value"].to_list() == [4, 40]


def test_states_of_a_change_go_with_those_of_what_it_is_a_change_of() -> None:
    """Today's value and an earlier change would give the small first count away."""
    kinds = pl.DataFrame({"indicator_id": ["n", "r"], "kind": ["count", "change"]})
    before = frame([*states("n", 3, 30), *states("r", 20, 47)])
    last = before.group_by(KEY, maintain_order=True).last()
    values = last.with_columns(low=pl.lit(None, pl.Float64), high=pl.lit(None, pl.Float64))
    link = pl.DataFrame([CELL | {"indicator_id": "r", "from_indicator_id": "n"}]).with_columns(
        from_period_start=pl.col("period_start")
    )
    after = suppress_revisions(before, values, kinds, Rule(5), derivation=link)
    assert after.filter(indicator_id="r")["value"].null_count() == 2
    assert set(after["status"]) == {"suppressed"}
    sound = frame([*states("n", 20, 30), *states("r", 20, 47)])
    assert suppress_revisions(sound, values, kinds, Rule(5), derivation=link).equals(sound)
