"""Areas on real open data: crosswalks against a known truth, and tables of another version."""

import csv
import os
from pathlib import Path

import polars as pl
import pytest

from bench import crosswalk as bench
from orchestration.declarations.areas import AreaSystem
from orchestration.declarations.register import AreaRegister, read_register
from orchestration.declarations.sources import AreaColumn
from orchestration.declarations.yaml_lines import load
from orchestration.ingest.versions import judge_version

REPO = Path(__file__).parents[2]
DATA = Path(os.environ.get("WIRKRAUM_DATA", REPO.parent / "shared" / "data" / "berlin"))
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not DATA.is_dir(), reason=f"needs the open data of Berlin in {DATA} (or WIRKRAUM_DATA)"
    ),
]
MSS = "06_soziales_mss/berlin-monitoring-social-urban-development-"


@pytest.fixture(autouse=True)
def data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIRKRAUM_DATA", str(DATA))


@pytest.fixture
def register(data: None) -> AreaRegister:
    folder = REPO / "examples" / "berlin" / "areas"
    return read_register(folder, [AreaSystem.model_validate(load(folder / "lor.yml")[0])])


def test_carried_accidents_against_the_truth() -> None:
    results, short = bench.run(quick=False)
    assert short == []
    found = {
        (one.truth, one.basis): (round(one.mean_absolute, 2), round(100 * one.relative, 1))
        for one in results
    }
    assert found[("accidents 2018", "area")] == (3.2, 12.7)
    assert found[("accidents 2018", "events")] == (1.53, 6.1)
    assert found[("accidents 2020", "area")] == (2.96, 13.6)
    assert found[("accidents 2020", "events")] == (1.37, 6.3)
    assert found[("residents 2021", "area")][1] == 10.8
    assert found[("residents 2021", "events")][1] == 14.3
    said = (REPO / "examples" / "berlin" / "README.md").read_text(encoding="utf-8")
    for mean, relative in found.values():
        assert f"{relative} %" in said or mean > 1000


def test_every_old_area_is_carried_over_as_a_whole(register: AreaRegister) -> None:
    for basis, tolerance in (("area", 1e-3), ("events", 1e-12)):
        rows = register.crosswalk.filter(basis=basis)
        totals = rows.group_by("from_area_id").agg(pl.col("weight_raw").sum())["weight_raw"]
        assert totals.to_list() == pytest.approx([1.0] * 448, abs=tolerance)


@pytest.mark.parametrize(
    ("name", "level", "carries"),
    [
        ("2013-00-2-1-planning-areas", "plr", "2006"),
        ("2019-00-4-1-planning-areas", "plr", "2006"),
        ("2021-00-2-1-planning-areas", "plr", "2021"),  # cut off after 447 of 542 rows
        ("2021-00-4-1-planning-areas", "plr", "2021"),
        ("2021-00-4-2-district-regions", "bzr", "2021"),
        ("2021-00-4-1-1-planning-areas", "plr", "2006"),  # old codes in the edition of 2021
        ("2021-00-4-2-1-district-regions", "bzr", "2006"),  # these too
    ],
)
def test_each_table_is_refused_in_the_other_version_only(
    register: AreaRegister, name: str, level: str, carries: str
) -> None:
    text = (DATA / f"{MSS}{name}.csv").read_text(encoding="utf-8-sig")
    codes = {row["id"] for row in csv.DictReader(text.splitlines())}
    for version in ("2006", "2021"):
        area = AreaColumn.model_validate(
            {
                "column": "id",
                "system": "lor",
                "version": version,
                "level": level,
                "pad": 8 if level == "plr" else 6,
            }
        )
        verdict = judge_version(codes, area, register)
        assert verdict.version == carries
        assert verdict.note is None
        assert (verdict.refusal is None) == (version == carries)
