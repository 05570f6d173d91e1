"""What `wirkraum init` founds can be read, taken in and is never written over anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.declarations import read_declarations
from orchestration.ingest.deliver import take_in
from orchestration.place import Place
from orchestration.template import create


def test_new_municipality_has_no_problems(tmp_path: Path) -> None:
    create(tmp_path / "mytown")
    declared = read_declarations(tmp_path / "mytown")
    assert set(declared.sources) == {"einwohner", "beratungen"}
    assert {one.formula.kind for one in declared.indicators.values()} == {"count", "share", "rate"}
    assert {one.audience for one in declared.releases.values()} == {"internal", "public"}
    assert declared.goals
    assert declared.scenarios


def test_every_sample_delivery_is_accepted(tmp_path: Path) -> None:
    create(tmp_path / "mytown")
    declared = read_declarations(tmp_path / "mytown")
    place = Place(tmp_path / "mytown")
    for source in declared.sources.values():
        intake = take_in(declared, source, place)
        assert len(intake.new) == 4
        assert intake.unmatched == []
        for delivery in intake.new:
            assert (delivery.state, delivery.rows_in, delivery.rows_quarantined) == (
                "accepted",
                6,
                0,
            )
            assert delivery.as_of_from == "file name"
        again = take_in(declared, source, place)
        assert (again.new, again.known) == ([], 4)


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    create(tmp_path)
    assert (tmp_path / "municipality.yml").is_file()


def test_nothing_is_written_over(tmp_path: Path) -> None:
    folder = tmp_path / "mytown"
    create(folder)
    (folder / "municipality.yml").write_text("ours", encoding="utf-8")
    with pytest.raises(FileExistsError, match="not empty"):
        create(folder)
    assert (folder / "municipality.yml").read_text(encoding="utf-8") == "ours"
    with pytest.raises(FileExistsError, match="is a file"):
        create(folder / "municipality.yml")
