"""Keeps the history of sources and measures that were renamed (`was` in their contract).

A renamed source takes over what was delivered under its earlier id: ledger, observations,
quarantined lines, results of checks and arrivals. Originals lie under their checksum and stay.
"""

import json
import os
from dataclasses import replace
from pathlib import Path

import polars as pl

from orchestration.declarations.sources import Source
from orchestration.ingest import lake
from orchestration.ingest.lake import Delivery
from orchestration.place import Place


def follow_renames(place: Place, source: Source) -> int:
    """Let everything kept under the earlier ids of a source and of its measures count for the new.

    Gives the number of deliveries that were taken over or rewritten; 0 where nothing was left to
    do. A call that dies midway is completed by the next one: a delivery is written under its new id
    first, and its old ledger entry is the last thing that goes.
    """
    done = 0
    for former in source.was:
        for entry in lake.ledger(place, former):
            _take_over(place, entry, source)
            done += 1
        _leave(place, former)
    measures = {old: measure.id for measure in source.measures for old in measure.was}
    if measures:
        for entry in lake.ledger(place, source.id):
            done += _rename_measures(place, entry, measures)
    return done


def _take_over(place: Place, entry: Delivery, source: Source) -> None:
    former = entry.delivery_id
    delivery_id = f"{source.id}-{former.removeprefix(f'{entry.source_id}-')}"
    new = replace(
        entry, source_id=source.id, department_id=source.department, delivery_id=delivery_id
    )
    columns = [pl.lit(source.id).alias("source_id"), pl.lit(delivery_id).alias("delivery_id")]
    old = _files(place, entry)
    for path in old:
        target = path.parent.with_name(source.id) / path.name.replace(former, delivery_id, 1)
        _rewrite(path, target, columns)
    _carry_arrival(place, former, delivery_id)
    lake.enter(place, new)
    for path in old:
        path.unlink()
    (place.lake / "ledger" / entry.source_id / f"{former}.json").unlink()


def _files(place: Place, entry: Delivery) -> list[Path]:
    """Everything kept of a delivery besides the ledger's entry: parquet, one folder per source."""
    kept = (place.lake / "observations", place.quarantined, place.judged)
    return [
        path
        for folder in kept
        for path in sorted((folder / entry.source_id).glob(f"{entry.delivery_id}.*parquet"))
    ]


def _rewrite(path: Path, target: Path, columns: list[pl.Expr]) -> None:
    """Write a file again with other contents in some columns, those of them that it has."""
    frame = pl.scan_parquet(path)
    there = frame.collect_schema().names()
    changed = [column for column in columns if column.meta.output_name() in there]
    mode = path.stat().st_mode & 0o777
    with lake.replacing(target) as temporary:
        frame.with_columns(changed).sink_parquet(temporary, compression="zstd")
        temporary.chmod(mode)


def _carry_arrival(place: Place, former: str, delivery_id: str) -> None:
    """Write down under the new id, too, when the delivery truly came."""
    arrivals = lake.arrivals(place)
    if former not in arrivals or delivery_id in arrivals:
        return
    record = place.records / "arrivals.jsonl"
    lines = map(json.loads, record.read_text(encoding="utf-8").splitlines())
    came = next(line for line in lines if line["delivery_id"] == former)
    with record.open("a", encoding="utf-8") as handle:
        line = came | {"delivery_id": delivery_id, "was": former}
        handle.write(json.dumps(line, ensure_ascii=False) + "\n")
        handle.flush()
        os.fsync(handle.fileno())


def _leave(place: Place, former: str) -> None:
    """Remove the folders of an earlier id once they are empty."""
    ledger = place.lake / "ledger"
    for folder in (place.lake / "observations", place.quarantined, place.judged, ledger):
        path = folder / former
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()


def _rename_measures(place: Place, entry: Delivery, measures: dict[str, str]) -> int:
    renamed = 0
    for path in _files(place, entry):
        frame = pl.scan_parquet(path)
        if "measure_id" not in frame.collect_schema().names():
            continue
        held = frame.select(pl.col("measure_id").is_in(list(measures)).any()).collect().item()
        if held:
            _rewrite(path, path, [pl.col("measure_id").replace(measures)])
            renamed = 1
    return renamed
