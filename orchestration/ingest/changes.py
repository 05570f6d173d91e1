"""Says what a delivery changed against what its source had delivered before it.

Deliveries are compared in the order of what they knew (as_of, then file name), whatever the order
in which they came. Compared are cells: one measure of one area, period and group.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import polars as pl

from orchestration.ingest import lake
from orchestration.ingest.lake import Delivery
from orchestration.place import Place

Kind = Literal[
    "nothing",
    "same_bytes",
    "first",
    "equal",
    "new_periods",
    "added",
    "revised",
    "moved",
    "restated",
    "recoded",
    "withdrawn",
    "left_window",
    "back_loaded",
]

RECODED_SHARE = 0.9
_AREA = ["area_system", "area_version", "area_id"]
_SLICE = ["measure_id", "grain", "period_start", "dimension"]
_CODES = [*_AREA, "group_id"]
_CELL = [*_SLICE, *_CODES]
_SCHEMA = {
    "measure_id": pl.String,
    "grain": pl.String,
    "period_start": pl.Date,
    "dimension": pl.String,
    **dict.fromkeys(_CODES, pl.String),
    "value": pl.Float64,
    "status": pl.String,
}


@dataclass(frozen=True)
class Change:
    """One thing a delivery did: how many cells (or periods), in words, and for revisions how much.

    `total` is the sum of absolute differences, `largest` the largest one, both in the measures'
    own units; they are 0 where nothing with a value before and after was revised.
    """

    kind: Kind
    count: int
    words: str
    total: float = 0.0
    largest: float = 0.0


@dataclass(frozen=True)
class Delivered:
    """A delivery with the day on which it came and what it holds (OBSERVATION_SCHEMA)."""

    entry: Delivery
    arrived: date | None
    observations: pl.LazyFrame


def changes(place: Place, source_id: str) -> dict[str, list[Change]]:
    """What every delivery of a source changed, by delivery id; read from the lake on demand."""
    arrived = lake.arrivals(place)
    history = [
        Delivered(entry, arrived.get(entry.delivery_id), lake.observations(place, entry))
        for entry in lake.ledger(place, source_id)
    ]
    told = told_apart(history)
    return {one.entry.delivery_id: found for one, found in zip(history, told, strict=True)}


def told_apart(history: Sequence[Delivered]) -> list[list[Change]]:
    """Tell apart what each delivery did, given all deliveries of one source in their order.

    The order is that of `lake.ledger`: by as_of, then file name. A revision is another value for a
    cell that was known; a cell is withdrawn when a file covers its period, repeats some of the
    cells that came with it, and leaves it out; a period that a file no longer covers has left the
    window and is neither; codes are replaced when nearly all codes of a period are others while its
    sum is the same.
    """
    known = pl.DataFrame(schema=_SCHEMA | {"origin": pl.Int64})
    before: dict[str, pl.DataFrame] = {}
    bytes_of: dict[str, Delivery] = {}
    told = []
    for number, one in enumerate(history):
        now = _cells(one.observations)
        found = [*_late(one, history), *_copied(one, bytes_of)]
        if now.is_empty():
            found.append(Change("nothing", 0, "nothing was taken in"))
        elif known.is_empty():
            cells = f"{_counted(now.height, 'cell')} for {_periods(now)}"
            found.append(Change("first", now.height, f"first delivery: {cells}"))
        else:
            found += _against(known, now, before.get(one.entry.layout))
        told.append(found)
        if now.height:
            bytes_of.setdefault(one.entry.sha256, one.entry)
            before[one.entry.layout] = now
            fresh = now.with_columns(origin=pl.lit(number, pl.Int64))
            known = pl.concat([known.join(fresh, on=_CELL, how="anti"), fresh])
    return told


def in_words(found: Sequence[Change]) -> str:
    """All changes of one delivery as one line."""
    return "; ".join(one.words for one in found)


def _cells(observations: pl.LazyFrame) -> pl.DataFrame:
    """The cells of a delivery; `dimension` is what its groups are by, such as `age|sex`."""
    dimension = pl.col("group_id").str.replace_all(r"=[^|]*", "")
    return (
        observations.with_columns(dimension=dimension)
        .select(*_SCHEMA)
        .unique(_CELL, keep="last", maintain_order=True)
        .collect()
    )


def _late(one: Delivered, history: Sequence[Delivered]) -> list[Change]:
    if one.arrived is None:
        return []
    newer = [
        other
        for other in history
        if other.arrived is not None
        and other.arrived < one.arrived
        and other.entry.as_of > one.entry.as_of
    ]
    if not newer:
        return []
    words = (
        f"back-loaded: came on {one.arrived}, after {newer[-1].entry.file_name}, and counts as "
        f"known on {one.entry.as_of}"
    )
    return [Change("back_loaded", len(newer), words)]


def _copied(one: Delivered, bytes_of: dict[str, Delivery]) -> list[Change]:
    same = bytes_of.get(one.entry.sha256)
    if same is None:
        return []
    words = f"no update: byte for byte {same.file_name} (as of {same.as_of}) under another name"
    return [Change("same_bytes", 0, words)]


def _against(known: pl.DataFrame, now: pl.DataFrame, before: pl.DataFrame | None) -> list[Change]:
    covered = known.join(now.select(_SLICE).unique(), on=_SLICE, how="semi")
    recoded = _recoded(covered, now)
    found = []
    if recoded.height:
        count, codes = recoded.height, int(recoded["replaced"].sum())
        words = (
            f"codes replaced: {_counted(codes, 'cell')} of {_slices(recoded)} under other codes, "
            "with the same sum"
        )
        found.append(Change("recoded", count, words))
        covered = covered.join(recoded, on=_SLICE, how="anti")
        now_compared = now.join(recoded, on=_SLICE, how="anti")
    else:
        now_compared = now
    pairs = covered.join(now_compared, on=_CELL, how="inner", suffix="_now")
    fresh = now_compared.join(covered, on=_CELL, how="anti")
    found += _new(known, fresh)
    found += _revised(pairs)
    found += _withdrawn(covered, now_compared, pairs)
    if before is not None:
        found += _left(before, now)
    if not found:
        found.append(
            Change("equal", now.height, f"equal: {_counted(now.height, 'cell')} as before")
        )
    return found


def _recoded(covered: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """Slices whose codes are nearly all others while their sum is the same (_SLICE, replaced)."""

    def side(frame: pl.DataFrame, other: pl.DataFrame, name: str) -> pl.DataFrame:
        gone = frame.join(other, on=_CELL, how="anti").group_by(_SLICE).agg(pl.len().alias("gone"))
        return (
            frame.group_by(_SLICE)
            .agg(pl.len().alias("size"), pl.col("value").sum().round(9).alias("sum"))
            .join(gone, on=_SLICE, how="left")
            .with_columns(share=pl.col("gone").fill_null(0) / pl.col("size"))
            .rename({"sum": f"sum_{name}", "share": f"share_{name}", "gone": f"gone_{name}"})
            .drop("size")
        )

    then, today = side(covered, now, "then"), side(now, covered, "now")
    return (
        then.join(today, on=_SLICE, how="inner")
        .filter(
            pl.min_horizontal("share_then", "share_now") >= RECODED_SHARE,
            (pl.col("sum_then") - pl.col("sum_now")).abs() < 1e-6,
            pl.col("sum_then") != 0,
        )
        .select(*_SLICE, pl.col("gone_now").alias("replaced"))
        .sort(_SLICE)
    )


def _new(known: pl.DataFrame, fresh: pl.DataFrame) -> list[Change]:
    period = ["measure_id", "grain", "period_start"]
    begun = fresh.join(known.select(period).unique(), on=period, how="anti")
    inside = fresh.join(begun.select(period).unique(), on=period, how="anti")
    found = []
    if begun.height:
        count = begun.select("grain", "period_start").n_unique()
        words = f"new: {_periods(begun)} ({_counted(begun.height, 'cell')})"
        found.append(Change("new_periods", count, words))
    if inside.height:
        words = f"{_counted(inside.height, 'cell')} added in {_periods(inside)}, known before"
        found.append(Change("added", inside.height, words))
    return found


def _revised(pairs: pl.DataFrame) -> list[Change]:
    differs = pairs.filter(pl.col("value").ne_missing(pl.col("value_now")))
    moved = _moved(differs)
    revised = differs.join(moved, on=_SLICE, how="anti")
    restated = pairs.filter(
        pl.col("value").eq_missing(pl.col("value_now")), pl.col("status") != pl.col("status_now")
    )
    found = []
    for kind, frame in (("revised", revised), ("moved", differs.join(moved, on=_SLICE))):
        if frame.is_empty():
            continue
        sizes = (frame["value_now"] - frame["value"]).abs().drop_nulls()
        total, largest = float(sizes.sum()), float(sizes.max() or 0.0)  # type: ignore[arg-type]
        size = f"by {total:,.6g} in all, at most {largest:,.6g}" if sizes.len() else "no size known"
        cells = _counted(frame.height, "cell")
        if kind == "revised":
            found.append(
                Change("revised", frame.height, f"{cells} revised ({size})", total, largest)
            )
        else:
            words = f"the values of {cells} changed places, as if codes had been swapped ({size})"
            found.append(Change("moved", frame.height, words, total, largest))
    if restated.height:
        words = f"{_counted(restated.height, 'cell')} with another status and the same value"
        found.append(Change("restated", restated.height, words))
    return found


def _moved(differs: pl.DataFrame) -> pl.DataFrame:
    """Slices in which the values are the same as before and stand at other codes (_SLICE)."""
    known = differs.filter(pl.col("value").is_not_null() & pl.col("value_now").is_not_null())
    same = (
        known.group_by(_SLICE)
        .agg(pl.len(), then=pl.col("value").sort(), now=pl.col("value_now").sort())
        .filter(pl.col("then") == pl.col("now"))
    )
    whole = differs.group_by(_SLICE).agg(pl.len())
    return same.join(whole, on=[*_SLICE, "len"], how="semi").select(_SLICE)


def _withdrawn(covered: pl.DataFrame, now: pl.DataFrame, pairs: pl.DataFrame) -> list[Change]:
    # A file about other areas of the same period takes nothing back: it repeats none of the cells.
    version = [*_SLICE, "area_system", "area_version", "origin"]
    repeated = covered.join(pairs.select(version).unique(), on=version, how="semi")
    gone = repeated.join(now, on=_CELL, how="anti")
    if gone.is_empty():
        return []
    words = f"{_counted(gone.height, 'cell')} of {_periods(gone)} no longer in the file"
    return [Change("withdrawn", gone.height, words)]


def _left(before: pl.DataFrame, now: pl.DataFrame) -> list[Change]:
    period = ["measure_id", "grain", "period_start"]
    then, today = before.select(period).unique(), now.select(period).unique()
    if then.join(today, on=period, how="semi").is_empty():
        return []
    gone = then.join(today, on=period, how="anti").join(
        today.select("measure_id", "grain").unique(), on=["measure_id", "grain"], how="semi"
    )
    if gone.is_empty():
        return []
    count = gone.select("grain", "period_start").n_unique()
    words = f"{_periods(gone)} left the window of the file: known as before, not revised"
    return [Change("left_window", count, words)]


def _periods(frame: pl.DataFrame) -> str:
    """The periods of a frame, such as `2021 (year)` or `12 periods from 2021-01-01 (month)`."""
    spans = (
        frame.group_by("grain")
        .agg(
            first=pl.col("period_start").min(),
            last=pl.col("period_start").max(),
            count=pl.col("period_start").n_unique(),
        )
        .sort("grain")
    )
    return " and ".join(_span(**row) for row in spans.iter_rows(named=True))


def _span(grain: str, first: date, last: date, count: int) -> str:
    if count == 1:
        return f"the {grain.replace('_', '-')} of {first}"
    return f"{count} {grain.replace('_', '-')}s from {first} to {last}"


def _slices(recoded: pl.DataFrame) -> str:
    return f"{_periods(recoded)} in {', '.join(recoded['measure_id'].unique().sort())}"


def _counted(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
