"""Crosswalks of several bases between two versions, and how a measure chooses one."""

import gzip
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.declarations import DeclarationError, Declarations, read_declarations
from tests.unit.ingest.town import AREAS, LEVELS, found

AREA = {
    "from_version": "1",
    "to_version": "2",
    "level": "viertel",
    "basis": "area",
    "file": "flaeche.csv",
    "error": {"spread": 0.13, "measured_by": {"de": "Unfällen", "en": "accidents"}},
    "unchanged": ["bezirk", "stadt"],
}
EVENTS = {
    "from_version": "1",
    "to_version": "2",
    "level": "viertel",
    "basis": "events",
    "events": {
        "files": ["unfaelle.csv.gz"],
        "from_column": "ALT",
        "to_column": "NEU",
        "pad": 4,
    },
    "prior": "area",
}
CASES = "Nr;ALT;NEU\n1;101;101\n2;101;101\n3;101;103\n4;;103\n5;201;201\n"


def _town(folder: Path, *crosswalks: dict[str, Any], **measure: Any) -> Declarations:
    found(folder)
    areas = folder / "areas"
    (areas / "neu.csv").write_text(AREAS + "0103,Kai,viertel,01\n", encoding="utf-8")
    (areas / "flaeche.csv").write_text(
        "from_area_id,to_area_id,weight\n0101,0101,0.5\n0101,0103,0.5\n0102,0102,0.9\n0201,0201,1\n",
        encoding="utf-8",
    )
    (areas / "unfaelle.csv.gz").write_bytes(gzip.compress(CASES.encode()))
    path = areas / "raum.yml"
    system = yaml.safe_load(path.read_text(encoding="utf-8"))
    parts = [{"level": level, "file": "neu.csv", "parent": "parent_id"} for level in LEVELS]
    system["versions"].append({"version": "2", "valid_from": "2021-01-01", "areas": parts})
    system["crosswalks"] = list(crosswalks)
    path.write_text(yaml.safe_dump(system, allow_unicode=True), encoding="utf-8")
    path = folder / "sources" / "fall.yml"
    source = yaml.safe_load(path.read_text(encoding="utf-8"))
    source["measures"][0] |= measure
    path.write_text(yaml.safe_dump(source, allow_unicode=True), encoding="utf-8")
    return read_declarations(folder)


def _weights(declarations: Declarations, basis: str) -> dict[tuple[str, str], float]:
    rows = declarations.register.crosswalk.filter(basis=basis)
    return {
        (old, new): weight
        for old, new, weight in rows.select("from_area_id", "to_area_id", "weight_raw").iter_rows()
    }


def test_events_are_counted_beside_one_shared_out_by_the_prior(tmp_path: Path) -> None:
    weights = _weights(_town(tmp_path, AREA, EVENTS), "events")
    assert weights == pytest.approx(
        {
            ("0101", "0101"): 2.5 / 4,
            ("0101", "0103"): 1.5 / 4,
            ("0102", "0102"): 1.0,
            ("0201", "0201"): 1.0,
        }
    )


def test_without_a_prior_events_alone_decide(tmp_path: Path) -> None:
    alone = {key: value for key, value in EVENTS.items() if key != "prior"}
    weights = _weights(_town(tmp_path, alone), "events")
    assert weights[("0101", "0103")] == pytest.approx(1 / 3)
    assert not any(old == "0102" for old, _ in weights)


def test_counts_in_a_file_become_shares(tmp_path: Path) -> None:
    residents = AREA | {"basis": "population", "file": "bewohner.csv", "count_column": "personen"}
    (tmp_path / "areas").mkdir()
    (tmp_path / "areas" / "bewohner.csv").write_text(
        "from_area_id,to_area_id,personen\n0101,0101,30\n0101,0103,10\n", encoding="utf-8"
    )
    weights = _weights(_town(tmp_path, residents), "population")
    assert weights == {("0101", "0101"): 0.75, ("0101", "0103"): 0.25}


def test_the_first_is_the_default_and_the_error_goes_along(tmp_path: Path) -> None:
    rows = _town(tmp_path, AREA, EVENTS).register.crosswalk
    assert rows.select("basis", "is_default", "spread", "measured_by_en").unique().sort(
        "basis"
    ).rows() == [("area", True, 0.13, "accidents"), ("events", False, None, None)]


def _said(folder: Path, *crosswalks: dict[str, Any], **measure: Any) -> str:
    with pytest.raises(DeclarationError) as caught:
        _town(folder, *crosswalks, **measure)
    return str(caught.value)


def test_a_measure_names_its_basis(tmp_path: Path) -> None:
    assert _town(tmp_path, AREA, EVENTS, carried_by="events").measures["faelle"][1].carried_by
    said = _said(tmp_path, AREA, carried_by="events")
    assert "sources/fall.yml:" in said
    assert "found basis of a crosswalk 'events', which nobody declares; declared are 'area'" in said


def test_what_is_never_carried_over_names_no_basis(tmp_path: Path) -> None:
    said = _said(tmp_path, AREA, carried_by="area", additive={"areas": False})
    assert "what may not be summed over areas is never carried over" in said


@pytest.mark.parametrize(
    ("crosswalks", "said"),
    [
        ([AREA, AREA], "crosswalks[1]: a second crosswalk of basis 'area'"),
        ([EVENTS, AREA], "crosswalks[0]: prior 'area': declare that crosswalk above this one"),
        ([AREA | {"file": None}], "give either file or events"),
        ([EVENTS | {"basis": "area"}], "weights counted from events have `basis: events`"),
        ([AREA | {"prior": "population"}], "prior is another basis"),
        ([EVENTS | {"prior": "events"}], "prior is another basis"),
        ([AREA | {"count_column": "personen"}], "'flaeche.csv' has no column 'personen'"),
        ([AREA | {"from_version": "0"}], "found version '0'; declared are '1', '2'"),
        ([AREA | {"level": "haus"}], "found level 'haus'"),
        ([AREA | {"error": {"spread": 2, "measured_by": "x"}}], "less than or equal to 1"),
        (
            [AREA, EVENTS | {"events": {**EVENTS["events"], "to_column": "NEUER"}}],  # type: ignore[dict-item]
            "'unfaelle.csv.gz' has no column 'NEUER'; it has 'Nr', 'ALT', 'NEU'",
        ),
        (
            [AREA, EVENTS | {"events": {**EVENTS["events"], "from_column": "Nr"}}],  # type: ignore[dict-item]
            "crosswalks[1]: unknown areas of version '1': 0001, 0002, 0003, 0004, 0005",
        ),
    ],
)
def test_mistakes_are_said_in_words(
    tmp_path: Path, crosswalks: list[dict[str, Any]], said: str
) -> None:
    assert said in _said(tmp_path, *crosswalks)


def test_a_pair_that_stands_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "areas").mkdir()
    double = "from_area_id,to_area_id,weight\n0101,0101,0.5\n0101,0101,0.5\n"
    (tmp_path / "areas" / "doppelt.csv").write_text(double, encoding="utf-8")
    assert "has the pair '0101', '0101' twice" in _said(tmp_path, AREA | {"file": "doppelt.csv"})


def test_within_a_version_an_area_has_one_parent(tmp_path: Path) -> None:
    found(tmp_path)
    path = tmp_path / "areas" / "raum.csv"
    path.write_text(AREAS + "0101,Hafen,viertel,02\n", encoding="utf-8")
    with pytest.raises(DeclarationError, match="area '0101' stands twice"):
        read_declarations(tmp_path)
