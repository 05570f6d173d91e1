"""Deliveries that fail a critical check: set aside as a whole, never dropped, never half."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from orchestration.checks import check_table
from orchestration.city import City
from orchestration.ingest import lake
from orchestration.ingest.lake import Delivery
from orchestration.place import Place
from orchestration.steps import check_delivered, receive
from tests.unit.ingest.town import found, layout

HEAD = "Jahr;Viertel;Geschlecht;Fälle\n"
SUM = {"measure": "faelle", "dimension": "geschlecht", "severity": "critical"}
LAYOUT = layout(
    groups=[{"dimension": "geschlecht", "column": "Geschlecht", "map": {"alle": ""}}],
)
BAD = "fall_2022-01-31.csv"


def table(year: int, total: int, extra: str = "") -> str:
    """All three quarters; men and women are 3 and 4 everywhere."""
    return HEAD + extra + "".join(
        f"{year};{area};m;3\n{year};{area};w;4\n{year};{area};alle;{total}\n"
        for area in ("0101", "0102", "0201")
    )  # fmt: skip


class Judged:
    """A town whose deliveries are taken in and judged like in a run."""

    def __init__(self, folder: Path, **source: Any) -> None:
        self.folder, self.source = folder, {"checks": {"sums": [SUM]}, **source}
        found(folder, LAYOUT, **self.source)

    def deliver(self, files: dict[str, str]) -> tuple[City, pl.DataFrame]:
        for name, text in files.items():
            (self.folder / "deliveries" / "fall" / name).write_text(text, encoding="utf-8")
        return self.run()

    def run(self) -> tuple[City, pl.DataFrame]:
        city = City.open(self.folder)
        receive(city, city.declarations.sources["fall"])
        return city, check_delivered(city, city.declarations.sources["fall"])


def entries(place: Place) -> dict[str, Delivery]:
    return {one.file_name: one for one in lake.ledger(place)}


def kept(place: Place) -> list[Path]:
    return sorted(place.quarantined.rglob("*.observations.parquet"))


@pytest.fixture
def town(tmp_path: Path) -> Judged:
    return Judged(tmp_path / "town")


def test_a_critical_failure_sets_the_whole_delivery_aside_and_the_state_before_stays(
    town: Judged,
) -> None:
    town.deliver({"fall_2021-01-31.csv": table(2020, 7)})
    city, verdicts = town.deliver({BAD: table(2020, 8, "2020;9999;m;1\n")})
    place, bad = city.place, entries(city.place)[BAD]

    assert (bad.state, bad.rows_in, bad.rows_accepted, bad.rows_quarantined) == (
        "rejected",
        10,
        0,
        10,
    )
    reason, rows, where = bad.reasons[0]
    assert reason.startswith("set aside as a whole: faelle: the parts by geschlecht add up")
    assert (rows, where) == (9, "all other rows")
    assert sum(count for _, count, _ in bad.reasons) == bad.rows_in
    assert city.intakes["fall"].new == [bad]
    assert city.failed_checks[0][1:3] == (BAD, "critical")

    values = lake.observations(place, entries(place)["fall_2021-01-31.csv"]).collect()
    assert sorted(values["value"].unique()) == [3, 4, 7]
    parts = sorted((place.lake / "observations" / "fall").glob("*.parquet"))
    assert len(parts) == 1
    (aside,) = kept(place)
    assert aside.stat().st_mode & 0o777 == 0o600
    assert pl.read_parquet(aside).height == 9
    assert verdicts.filter(severity="critical", passed=False)["check_id"].to_list() == [
        "sums:faelle:geschlecht"
    ]


def test_what_was_set_aside_is_not_judged_again(town: Judged) -> None:
    city, _ = town.deliver({BAD: table(2020, 8)})
    before = check_table(city.place, lake.ledger(city.place))
    city, verdicts = town.run()
    assert verdicts.is_empty()
    assert city.intakes["fall"].new == []
    assert check_table(city.place, lake.ledger(city.place)).equals(before)
    assert len(kept(city.place)) == 1


def test_a_changed_contract_reads_and_judges_it_again(town: Judged, tmp_path: Path) -> None:
    town.deliver({BAD: table(2020, 8)})
    milder = Judged(tmp_path / "town", checks={"sums": [{**SUM, "severity": "warning"}]})
    city, _ = milder.run()
    entry = entries(city.place)[BAD]
    assert (entry.state, entry.rows_accepted) == ("accepted", 9)
    assert kept(city.place) == []
    assert lake.observations(city.place, entry).collect().height == 9
    assert [one[2] for one in city.failed_checks] == ["warning"]
    results = check_table(city.place, lake.ledger(city.place))
    assert results.filter(check_id="sums:faelle:geschlecht")["severity"].to_list() == ["warning"]
    assert len(list(city.place.judged.rglob("*.parquet"))) == 2, "records are append only"


def test_a_run_that_died_before_the_ledger_changed_nothing(
    town: Judged, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Died(Exception):
        pass

    def die(*_: object) -> None:
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(
            lake,
            "set_aside",
            lambda place, delivery, reason: (
                patch.setattr(lake, "enter", die),
                _set_aside(place, delivery, reason),
            ),
        )
        with pytest.raises(Died):
            town.deliver({BAD: table(2020, 8)})
    place = Place(town.folder)
    assert entries(place)[BAD].state == "accepted"
    city, _ = town.run()
    assert entries(city.place)[BAD].state == "rejected"


_set_aside = lake.set_aside


def test_a_run_that_died_after_the_ledger_leaves_nothing_in_the_lake(town: Judged) -> None:
    city, _ = town.deliver({BAD: table(2020, 8)})
    place, entry = city.place, entries(city.place)[BAD]
    left = place.lake / "observations" / "fall" / f"{entry.delivery_id}.parquet"
    left.write_bytes(kept(place)[0].read_bytes())
    town.run()
    assert not left.exists()
    assert lake.observations(place, entry).collect().is_empty()


def test_a_run_that_died_before_its_checks_is_made_good(town: Judged) -> None:
    city = City.open(town.folder)
    (town.folder / "deliveries" / "fall" / BAD).write_text(table(2020, 8), encoding="utf-8")
    receive(city, city.declarations.sources["fall"])
    assert entries(city.place)[BAD].state == "accepted"
    city, verdicts = town.run()
    assert city.intakes["fall"].new == []
    assert verdicts.height
    assert entries(city.place)[BAD].state == "rejected"


def test_withdrawing_takes_the_kept_observations_along(town: Judged) -> None:
    city, _ = town.deliver({BAD: table(2020, 8)})
    lake.withdraw(city.place, entries(city.place)[BAD])
    assert kept(city.place) == []


def test_results_of_a_protected_source_show_no_value(tmp_path: Path) -> None:
    words = {
        "protection": "sozialdaten",
        "purpose": "Planung",
        "legal_basis": "§ 1",
        "recipients": ["Amt"],
        "retention_days": 30,
    }
    protected = Judged(tmp_path / "town", **words)
    city, _ = protected.deliver({BAD: table(2020, 8123)})
    results = check_table(city.place, lake.ledger(city.place))
    text = results.write_csv() + entries(city.place)[BAD].reasons[0][0]
    assert "8123" not in text
    assert "8.123" not in text
    assert "8,123" not in text
    assert results.filter(check_id="sums:faelle:geschlecht")["passed"].to_list() == [False]
    open_city, _ = Judged(tmp_path / "open").deliver({BAD: table(2020, 8123)})
    assert "8,123" in entries(open_city.place)[BAD].reasons[0][0]


def test_deliveries_are_compared_with_those_before_them(town: Judged) -> None:
    files = {f"fall_{year + 1}-01-31.csv": table(year, 7) for year in range(2016, 2020)}
    town.deliver(files)
    city, verdicts = town.deliver({"fall_2021-01-31.csv": HEAD + "2020;0101;m;3\n"})
    judged = verdicts.filter(~pl.col("passed"))
    assert set(judged["check_id"]) == {"rows", "areas_there"}
    assert entries(city.place)["fall_2021-01-31.csv"].state == "accepted"


def test_the_same_deliveries_give_the_same_records(tmp_path: Path) -> None:
    files = {f"fall_{year + 1}-01-31.csv": table(year, 7) for year in range(2016, 2019)}
    seen = []
    for name in ("one", "two"):
        city, _ = Judged(tmp_path / name).deliver(files)
        paths = sorted(city.place.judged.rglob("*.parquet"))
        seen.append([path.read_bytes() for path in paths])
    assert len(seen[0]) == 3
    assert seen[0] == seen[1]


def test_an_entry_is_the_same_but_for_what_setting_aside_says(town: Judged) -> None:
    city = City.open(town.folder)
    (town.folder / "deliveries" / "fall" / BAD).write_text(table(2020, 8), encoding="utf-8")
    receive(city, city.declarations.sources["fall"])
    before = entries(city.place)[BAD]
    after = lake.set_aside(city.place, before, "why")
    changed = {"state", "rows_accepted", "rows_quarantined", "observations", "reasons"}
    assert replace(after, **{name: getattr(before, name) for name in changed}) == before
    assert after.reasons == [("why", 9, "all rows")]
