"""Measures that are computed at once."""

from datetime import date
from pathlib import Path

import polars as pl

from orchestration.batches import as_text, batches
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
    return place


def test_all_is_one_batch_where_it_is_small(tmp_path: Path) -> None:
    place = place_of(tmp_path, births=10, thefts=20)
    assert batches(place, None, at_once=30) == []
    assert as_text([]) == ""


def test_a_batch_has_no_more_observations_than_asked_for_or_one_measure(tmp_path: Path) -> None:
    place = place_of(tmp_path, births=10, people=100, thefts=20)
    assert batches(place, None, at_once=30) == [
        ["births_a", "births_b"],
        ["people_a"],
        ["people_b"],
        ["thefts_a", "thefts_b"],
    ]


def test_only_touched_measures_are_computed(tmp_path: Path) -> None:
    place = place_of(tmp_path, births=10, people=100, thefts=20)
    found = Touched(["births_a", "gone", "people_b", "thefts_a"], [], [], [])
    assert batches(place, found, at_once=30) == [["births_a"], ["people_b"], ["thefts_a"]]
    assert batches(place, found, at_once=100) == []
