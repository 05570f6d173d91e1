"""Measures that are computed at once."""

import json
from datetime import date
from pathlib import Path

import polars as pl

from orchestration.batches import Batch, as_text, batches
from orchestration.ingest import lake
from orchestration.place import Place
from orchestration.touched import Touched


def delivered(source: str, count: int) -> lake.Delivery:
    return lake.Delivery(
        delivery_id=source,
        source_id=source,
        department_id="office",
        layout="",
        file_name=f"{source}.csv",
        sha256=source,
        size=0,
        as_of=date(2024, 1, 1),
        as_of_from="file name",
        state="accepted",
        rows_in=count,
        rows_accepted=count,
        rows_quarantined=0,
        observations=count,
        notes=[],
        reasons=[],
        fingerprint=source,
    )


def place_of(folder: Path, **observations: int) -> Place:
    """Each source has two measures and one delivery."""
    place = Place(folder)
    measures = [
        {"measure_id": f"{source}_{n}", "source_id": source}
        for source in observations
        for n in "ab"
    ]
    lake.write_parquet(pl.DataFrame(measures), place.inputs / "measure.parquet")
    for source, count in observations.items():
        lake.enter(place, delivered(source, count))
        rows = [one for one in measures if one["source_id"] == source]
        lake.write_parquet(
            pl.DataFrame(rows), place.lake / "observations" / source / f"{source}.parquet"
        )
    return place


def test_all_is_one_batch_where_it_is_small(tmp_path: Path) -> None:
    place = place_of(tmp_path, births=10, thefts=20)
    assert batches(place, None, at_once=30) == []
    assert as_text([]) == ""


def test_a_batch_has_no_more_observations_than_asked_for_or_one_measure(tmp_path: Path) -> None:
    place = place_of(tmp_path, births=10, people=100, thefts=20)
    assert batches(place, None, at_once=30) == [
        Batch(["births_a", "births_b"], ["births"]),
        Batch(["people_a"], ["people"]),
        Batch(["people_b"], ["people"]),
        Batch(["thefts_a", "thefts_b"], ["thefts"]),
    ]
    told = json.loads(as_text(batches(place, None, at_once=115)))
    assert [one["sources"] for one in told] == [["births", "people"], ["thefts"]]


def test_only_touched_measures_are_computed(tmp_path: Path) -> None:
    place = place_of(tmp_path, births=10, people=100, thefts=20)
    found = Touched(["births_a", "gone", "people_b", "thefts_a"], [], [], [])
    assert batches(place, found, at_once=30) == [
        Batch(["births_a"], ["births"]),
        Batch(["people_b"], ["people"]),
        Batch(["thefts_a"], ["thefts"]),
    ]
    (one,) = batches(place, found, at_once=100)
    assert one == Batch(["births_a", "people_b", "thefts_a"], ["births", "people", "thefts"])


def test_what_lies_with_a_source_that_a_measure_once_belonged_to_is_read_too(
    tmp_path: Path,
) -> None:
    place = place_of(tmp_path, births=10, people=100)
    moved = pl.DataFrame([{"measure_id": "births_a", "source_id": "people"}])
    lake.write_parquet(moved, place.lake / "observations" / "people" / "moved.parquet")
    first, *_ = batches(place, None, at_once=30)
    assert first == Batch(["births_a", "births_b"], ["births", "people"])
