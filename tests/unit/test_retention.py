"""What is deleted when, what stays, and that reading goes on afterwards."""

import json
import os
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import pytest

from orchestration.city import City
from orchestration.ingest import lake
from orchestration.ingest.deliver import take_in
from orchestration.place import Place
from orchestration.retention import retain
from orchestration.schedules import daily_retention, retention
from tests.unit.ingest.town import Town, found, layout, settle

FIRST = "Jahr;Viertel;Fälle\n2020;0101;5\n2020;0102;7\n2020;0199;9\n"
CAME = datetime(2021, 2, 1, 12, tzinfo=UTC)
DUE = date(2021, 3, 3)


def _drop(town: Town, name: str, text: str = FIRST, came: datetime = CAME) -> Path:
    path = town.place.inbox / "fall" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    os.utime(path, (came.timestamp(), came.timestamp()))
    return path


def _take(town: Town) -> None:
    take_in(town.declarations, town.declarations.sources["fall"], town.place)


def _retain(town: Town, on: date, *, dry: bool = False) -> list[str | None]:
    return [one.delivery_id for one in retain(town.declarations, town.place, on, dry=dry)]


def _tombstones(place: Place) -> list[dict[str, object]]:
    path = place.records / "tombstones.jsonl"
    return list(map(json.loads, path.read_text(encoding="utf-8").splitlines()))


def _bytes_kept(place: Place) -> list[Path]:
    return sorted(path for path in place.originals.rglob("*") if path.is_file())


@pytest.fixture
def town(tmp_path: Path) -> Town:
    town = settle(tmp_path, retention_days=30)
    _drop(town, "fall_2021-01-31.csv")
    _take(town)
    return town


def test_a_delivery_goes_on_its_day_and_leaves_a_tombstone(town: Town) -> None:
    (entry,) = town.ledger()
    observed = town.observed("area_id", "value")
    assert _retain(town, date(2021, 3, 2)) == []
    assert len(_bytes_kept(town.place)) == 2
    assert _retain(town, DUE) == [entry.delivery_id]
    assert _bytes_kept(town.place) == []
    assert not (town.place.inbox / "fall" / "fall_2021-01-31.csv").exists()
    assert _tombstones(town.place) == [
        {
            "source_id": "fall",
            "delivery_id": entry.delivery_id,
            "sha256": entry.sha256,
            "size": entry.size,
            "rule": "retention_days: 30, sources/fall.yml",
            "files": 3,
            "due": "2021-03-03",
            "deleted": "2021-03-03",
        }
    ]
    (after,) = town.ledger()
    assert (after.rows_in, after.rows_accepted, after.rows_quarantined) == (3, 2, 1)
    assert replace(after, reasons=[]) == replace(entry, reasons=[])
    assert town.observed("area_id", "value") == observed
    assert _retain(town, date(2031, 1, 1)) == []


def test_a_dry_run_says_the_same_and_touches_nothing(town: Town) -> None:
    before = {path: path.read_bytes() for path in town.place.folder.rglob("*") if path.is_file()}
    dry = _retain(town, DUE, dry=True)
    after = {path: path.read_bytes() for path in town.place.folder.rglob("*") if path.is_file()}
    assert after == before
    assert dry == _retain(town, DUE)


def test_without_the_original_a_changed_contract_loses_nothing(town: Town) -> None:
    observed = town.observed("area_id", "value", "as_of")
    _retain(town, DUE)
    changed = found(town.place.folder, layout(symbols={"?": "later"}), retention_days=30)
    intake = take_in(changed, changed.sources["fall"], town.place)
    assert (intake.new, intake.known) == ([], 1)
    assert Town(changed, town.place).observed("area_id", "value", "as_of") == observed


def test_delivered_again_it_goes_again(town: Town) -> None:
    _retain(town, DUE)
    path = _drop(town, "fall_2021-01-31.csv", came=datetime(2021, 6, 1, tzinfo=UTC))
    _take(town)
    assert len(_retain(town, date(2021, 6, 2))) == 1
    assert not path.exists()


def test_shared_bytes_stay_until_the_last_delivery_is_due(town: Town) -> None:
    later = datetime(2021, 2, 10, tzinfo=UTC)
    _drop(town, "fall_2021-02-28.csv", came=later)
    _take(town)
    first, second = town.ledger()
    assert first.sha256 == second.sha256
    assert _retain(town, DUE) == []
    assert _retain(town, date(2021, 3, 12)) == [first.delivery_id, second.delivery_id]
    assert _bytes_kept(town.place) == []
    assert list((town.place.inbox / "fall").iterdir()) == []


def test_what_nobody_read_goes_too(town: Town) -> None:
    inbox = town.place.inbox / "fall"
    _drop(town, "~$offen.csv", "Anna")
    _drop(town, "alt/Kopie.csv", FIRST + " ")
    stray = town.place.originals / "ab" / ".abcd.4711"
    stray.parent.mkdir()
    stray.write_text("Anna", encoding="utf-8")
    os.utime(stray, (CAME.timestamp(), CAME.timestamp()))
    assert _retain(town, DUE).count(None) == 3
    assert [path for path in inbox.rglob("*") if path.is_file()] == []
    assert _bytes_kept(town.place) == []
    assert "Kopie" not in (town.place.records / "tombstones.jsonl").read_text(encoding="utf-8")


def test_a_source_without_a_rule_keeps_everything(tmp_path: Path) -> None:
    town = settle(tmp_path)
    _drop(town, "fall_2021-01-31.csv")
    _take(town)
    assert _retain(town, date(2099, 1, 1)) == []
    assert len(_bytes_kept(town.place)) == 2


def test_a_deletion_that_broke_off_is_completed(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlink = Path.unlink

    def broken(path: Path, missing_ok: bool = False) -> None:
        if path.name.endswith(".csv"):
            raise OSError("the disk is gone")
        unlink(path, missing_ok=missing_ok)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", broken)
        with pytest.raises(OSError, match="the disk is gone"):
            _retain(town, DUE)
    assert len(_retain(town, DUE)) == 1
    assert _bytes_kept(town.place) == []
    assert len(_tombstones(town.place)) == 2


def test_words_of_an_entry_from_before_the_protection_are_masked(tmp_path: Path) -> None:
    town = settle(tmp_path)
    _drop(town, "fall_2021-01-31.csv")
    _take(town)
    (before,) = town.ledger()
    assert "'0199'" in before.reasons[0][0]
    later = Town(found(tmp_path, retention_days=30), town.place)
    _retain(later, DUE)
    (after,) = later.ledger()
    assert after.reasons == [("'…' is no area of raum 1", 1, "4")]
    assert lake.arrivals(town.place) == {before.delivery_id: CAME.date()}


def test_the_schedule_deletes_by_its_own_day(town: Town) -> None:
    with dg.build_schedule_context(
        scheduled_execution_time=datetime(2021, 3, 3, 3, tzinfo=UTC)
    ) as context:
        request = daily_retention(context)
    assert isinstance(request, dg.RunRequest)
    city = City(town.declarations, town.place)
    done = retention.execute_in_process(run_config=request.run_config, resources={"city": city})
    assert done.success
    assert _bytes_kept(town.place) == []
    assert _tombstones(town.place)[0]["deleted"] == "2021-03-03"
