"""The list of deliveries and the rows set aside, as `wirkraum deliveries` shows them."""

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from rich.console import Console
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.deliveries import find, listed, print_set_aside, set_aside
from tests.unit.ingest.town import Town, settle

HEAD = "Jahr;Viertel;Fälle\n"
GUARD: dict[str, Any] = {
    "protection": "sozialdaten",
    "purpose": "Probe",
    "legal_basis": "§ 1",
    "recipients": ["amt"],
    "retention_days": 30,
}


def call(town: Town, *arguments: str) -> Result:
    environment = {"COLUMNS": "200", "LOGNAME": "erika"}
    return CliRunner().invoke(
        app, ["deliveries", str(town.place.folder), *arguments], env=environment
    )


def flat(text: str) -> str:
    """The words of a table in one line each cell after the other."""
    return re.sub(r"[│┃\s]+", " ", text)


def three(tmp_path: Path, **source: Any) -> Town:
    town = settle(tmp_path, **source)
    town.deliver(
        {
            "fall_2021-01-31.csv": f"{HEAD}2020;0101;5\n2020;0102;7\n2020;0201;9\n",
            "fall_2021-02-28.csv": f"{HEAD}2020;0101;6\n2020;0102;7\n2020;9999;Meier\x1b[2J\n",
            "fall_2021-03-31.csv": "Kraut und Rüben\n",
        }
    )
    return town


def test_the_list_says_state_rows_and_what_changed(tmp_path: Path) -> None:
    said = call(three(tmp_path))
    assert said.exit_code == 0, said.output
    text = flat(said.output)
    for words in (
        "fall_2021-01-31.csv",
        "2021-01-31 ",
        "file name",
        "first delivery: 3 cells",
        "1 cell revised (by 1 in all, at most 1)",
        "1 cell of the year of 2020-01-01 no longer in the file",
        "partly",
        "rejected",
        "nothing was taken in",
    ):
        assert words in text, words


def test_the_list_can_be_cut_to_a_source_and_the_newest(tmp_path: Path) -> None:
    town = three(tmp_path)
    assert [one.entry.file_name for one in listed(town.place, "fall", 1)] == ["fall_2021-03-31.csv"]
    assert "revised" in listed(town.place, "fall", 2)[0].changed
    with pytest.raises(FileNotFoundError, match=r"no delivery of 'kita'; there are .* of fall"):
        listed(town.place, "kita")


def test_nothing_delivered_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nothing was delivered"):
        listed(settle(tmp_path).place)


def test_ids_may_be_short_but_not_ambiguous(tmp_path: Path) -> None:
    town = three(tmp_path)
    for one, entry in zip(listed(town.place), town.ledger(), strict=True):
        for text in (entry.delivery_id, one.short, f"fall-{one.short}"):
            assert find(town.place, text) == entry
    with pytest.raises(FileNotFoundError, match=r"'fall' names 3 deliveries: .*2021-02-28.*write"):
        find(town.place, "fall")
    with pytest.raises(FileNotFoundError, match=r"no delivery 'fall-x'; near are .*2021-02-28"):
        find(town.place, "fall-x")
    with pytest.raises(FileNotFoundError, match="lists all"):
        find(town.place, "zzz")


def test_quarantined_rows_stand_beside_their_lines(tmp_path: Path) -> None:
    town = three(tmp_path)
    said = call(town, "--show", find(town.place, town.ledger()[1].delivery_id).delivery_id)
    assert said.exit_code == 0, said.output
    text = flat(said.output)
    assert "3 rows in, 2 accepted, 1 set aside" in text
    assert "'9999' is no area" in text
    assert "2020;9999;Meier\\x1b[2J" in text
    assert "\x1b" not in said.output
    assert not (town.place.records / "unmasked.jsonl").exists()


def test_protected_contents_are_masked_and_a_look_is_recorded(tmp_path: Path) -> None:
    town = three(tmp_path, **GUARD)
    entry = town.ledger()[1]
    said = call(town, "--show", entry.delivery_id)
    assert said.exit_code == 0, said.output
    assert "Meier" not in said.output
    assert "9999" not in said.output
    assert "masked" in said.output
    assert not (town.place.records / "unmasked.jsonl").exists()

    said = call(town, "--show", entry.delivery_id, "--unmask")
    assert "2020;9999;Meier" in flat(said.output)
    (line,) = (town.place.records / "unmasked.jsonl").read_text().splitlines()
    noted = json.loads(line)
    assert (noted["delivery_id"], noted["source_id"]) == (entry.delivery_id, "fall")
    assert noted["who"] == "erika"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", noted["at"])


def test_a_source_nobody_declares_any_more_counts_as_protected(tmp_path: Path) -> None:
    town = three(tmp_path)
    rows = set_aside(town.place, town.ledger()[1], None, unmask=False)
    assert "Meier" not in repr(rows)


def test_deleted_lines_leave_the_reasons(tmp_path: Path) -> None:
    town = three(tmp_path)
    entry = town.ledger()[1]
    (town.place.quarantined / "fall" / f"{entry.delivery_id}.parquet").unlink()
    rows = set_aside(town.place, entry, None, unmask=True)
    page = io.StringIO()
    print_set_aside(entry, rows, Console(file=page, width=200))
    assert "their lines are no longer kept" in page.getvalue()
    assert "  '9999' is no area of raum 1; Fälle: found 'Meier" in page.getvalue()
    page = io.StringIO()
    print_set_aside(entry, rows, Console(file=page, width=200), words=frozenset())
    assert "their lines are no longer kept" in page.getvalue()
    assert "Meier" not in page.getvalue()
