"""Which measures are computed at once: so many that what is at work on them fits into memory."""

import json
from dataclasses import asdict, dataclass

import duckdb
import polars as pl

from orchestration.ingest import lake
from orchestration.place import Place
from orchestration.touched import Touched

AT_ONCE = 12_000_000  # observations


@dataclass(frozen=True)
class Batch:
    """Measures, and all sources in whose part of the lake there is something of them."""

    measures: list[str]
    sources: list[str]


def batches(place: Place, found: Touched | None, at_once: int = AT_ONCE) -> list[Batch]:
    """The measures to compute, in batches of about `at_once` observations or of one measure.

    All declared measures, or those that are `found` touched. A source is not torn apart without
    need. Empty where the whole lake is one batch. Reads what was handed over to the warehouse.
    """
    measures = pl.read_parquet(place.inputs / "measure.parquet").sort("source_id", "measure_id")
    observations: dict[str, int] = {}
    for entry in lake.ledger(place):
        observations[entry.source_id] = observations.get(entry.source_id, 0) + entry.observations
    if sum(observations.values()) <= at_once:
        return []
    sizes = measures.select(
        "measure_id",
        pl.col("source_id").replace_strict(observations, default=0, return_dtype=pl.Float64)
        / pl.len().over("source_id"),
    )
    if found is not None:
        sizes = sizes.filter(pl.col("measure_id").is_in(found.measures))
    filled: list[list[str]] = []
    so_far = float("inf")
    for measure_id, size in sizes.iter_rows():
        if so_far + size > at_once:
            filled.append([])
            so_far = 0.0
        filled[-1].append(measure_id)
        so_far += size
    lies_in = _sources(place)
    return [
        Batch(ids, sorted({source for one in ids for source in lies_in.get(one, ())}))
        for ids in filled
    ]


def as_text(found: list[Batch]) -> str:
    """As the dbt project reads it; empty where all is one batch."""
    return json.dumps([asdict(one) for one in found]) if found else ""


def _sources(place: Place) -> dict[str, list[str]]:
    """Where something of each measure lies: also with sources that it once belonged to."""
    files = str(place.lake / "observations" / "*" / "*.parquet")
    found: dict[str, list[str]] = {}
    with duckdb.connect() as connection:
        for measure_id, source_id in connection.execute(
            "SELECT DISTINCT measure_id, source_id FROM read_parquet($files) ORDER BY ALL",
            {"files": files},
        ).fetchall():
            found.setdefault(measure_id, []).append(source_id)
    return found
