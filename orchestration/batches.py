"""Which measures are computed at once: so many that what is at work on them fits into memory."""

import json

import polars as pl

from orchestration.ingest import lake
from orchestration.place import Place
from orchestration.touched import Touched

AT_ONCE = 12_000_000  # observations


def batches(place: Place, found: Touched | None, at_once: int = AT_ONCE) -> list[list[str]]:
    """The measures to compute, in batches of about `at_once` observations or of one measure.

    All declared measures, or those that are `found` touched. A source is not torn apart without
    need. Empty where one batch is enough. Reads what was handed over to the warehouse.
    """
    measures = pl.read_parquet(place.inputs / "measure.parquet").sort("source_id", "measure_id")
    observations: dict[str, int] = {}
    for entry in lake.ledger(place):
        observations[entry.source_id] = observations.get(entry.source_id, 0) + entry.observations
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
    return filled if len(filled) > 1 else []


def as_text(found: list[list[str]]) -> str:
    """As the dbt project reads it; empty where all is one batch."""
    return json.dumps(found) if found else ""
