"""What a goal's distance and progress would tell about a withheld value."""

from datetime import date
from typing import Any

import duckdb
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from exports.disclosure import GOAL_FIGURES, Rule, mask_protected, protect, suppress_goal_progress
from exports.publish import publish
from tests.unit.exports import frames

FAR = {"baseline": 100.0, "target": 50.0, "direction": "at_most"}
PROGRESS_COLUMNS: dict[str, Any] = {
    "goal_id": pl.String,
    "version_since": pl.Date,
    **{name: frames.VALUE_SCHEMA[name] for name in list(frames.VALUE_SCHEMA)[:7]},
    **dict.fromkeys(("baseline", "target"), pl.Float64),
    "direction": pl.String,
    **dict.fromkeys(GOAL_FIGURES, pl.Float64),
    **dict.fromkeys(("reached", "status", "reason", "reason_en"), pl.String),
}
PROGRESS_SCHEMA = pl.Schema(PROGRESS_COLUMNS)


def way(name: str) -> pl.Expr:
    """Percent of the way from 100 to 50."""
    return 100 * (pl.col(name) - 100) / -50


def progress(values: pl.DataFrame) -> pl.DataFrame:
    """Each value beside a goal, as `goal_progress` would hold it."""
    return (
        values.with_columns(
            pl.lit("ziel").alias("goal_id"),
            pl.lit(date(2020, 1, 1)).alias("version_since"),
            *(pl.lit(found).alias(name) for name, found in FAR.items()),
            distance=pl.col("value") - 50,
            progress_percent=way("value"),
            progress_low=way("high"),
            progress_high=way("low"),
            reached=pl.when(pl.col("high") <= 50).then(pl.lit("met")).otherwise(pl.lit("not_met")),
        )
        .select(*PROGRESS_SCHEMA)
        .cast(PROGRESS_SCHEMA)
    )


def recovered(row: dict[str, Any]) -> list[float]:
    """Every way back to the value that a reader of the row has."""
    ways = [row["value"], row["low"], row["high"]]
    ways += [None if row["distance"] is None else row["target"] + row["distance"]]
    ways += [
        None if row[name] is None else 100 + row[name] * -50 / 100
        for name in ("progress_percent", "progress_low", "progress_high")
    ]
    return [way for way in ways if way is not None]


def test_nothing_leads_back_to_a_withheld_value() -> None:
    marts = frames.marts()
    marts["goal_progress"] = progress(marts["indicator_value"])
    known = marts["goal_progress"].filter(indicator_id="faelle", area_id="02")
    assert 3.0 in {way for row in known.iter_rows(named=True) for way in recovered(row)}
    for masked in (mask_protected(marts), protect(marts, Rule())):
        hidden = masked["indicator_value"].filter(status="suppressed")
        assert hidden.height
        after = masked["goal_progress"]
        assert after.shape == marts["goal_progress"].shape
        key = ["indicator_id", "area_id", "period_start", "group_id"]
        for row in after.join(hidden, on=key, how="semi").iter_rows(named=True):
            assert recovered(row) == []
            assert (row["status"], row["reached"]) == ("suppressed", "no_value")
            assert not any(letter.isdigit() for letter in row["reason"] + row["reason_en"])
            assert (row["baseline"], row["target"]) == (100.0, 50.0)
        rest = after.join(hidden, on=key, how="anti")
        assert rest.equals(marts["goal_progress"].join(hidden, on=key, how="anti"))


def test_the_published_warehouse_holds_it_back(tmp_path: Any) -> None:
    marts = frames.marts()
    marts["goal_progress"] = progress(marts["indicator_value"])
    source = tmp_path / "build.duckdb"
    with duckdb.connect(str(source)) as connection:
        connection.execute("CREATE SCHEMA marts")
        for name, frame in marts.items():
            connection.register("frame", frame)
            connection.execute(f"CREATE TABLE marts.{name} AS FROM frame")
    target = tmp_path / "published.duckdb"
    publish(source, target, mask_protected)
    with duckdb.connect(str(target), read_only=True) as connection:
        rows = connection.sql(
            "FROM marts.goal_progress AS goal SEMI JOIN (FROM marts.indicator_value "
            "WHERE status = 'suppressed') USING (indicator_id, area_id, period_start, group_id)"
        ).pl()
    assert rows["status"].to_list() == ["suppressed"]
    assert [recovered(row) for row in rows.iter_rows(named=True)] == [[]] * rows.height


@settings(max_examples=100)
@given(counts=st.lists(st.integers(0, 12), min_size=1, max_size=8), minimum=st.integers(2, 10))
def test_no_small_count_leaves_by_way_of_a_goal(counts: list[int], minimum: int) -> None:
    values = pl.DataFrame(
        [frames.value("faelle", f"{i:02d}", 2023, float(count)) for i, count in enumerate(counts)],
        schema=frames.VALUE_SCHEMA,
    )
    marts = frames.marts() | {"indicator_value": values, "goal_progress": progress(values)}
    after = protect(marts, Rule(minimum))["goal_progress"]
    for row, count in zip(after.iter_rows(named=True), counts, strict=True):
        assert bool(recovered(row)) == (not 0 < count < minimum)
    assert suppress_goal_progress(after, values.clear()).equals(after)
