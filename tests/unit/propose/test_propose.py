"""A drafted contract is whole, says its doubts, and loads the file it came from."""

import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.cli import main
from orchestration.declarations import Declarations, read_declarations
from orchestration.declarations.sources import Layout, Source
from orchestration.propose.proof import Proposal, changes, contract_diff, proof, propose
from orchestration.propose.sniff import CannotPropose
from tests.unit.ingest import town

VIERTEL = ("0101", "0102", "0201")


@pytest.fixture
def city(tmp_path: Path) -> Declarations:
    return town.found(tmp_path / "town")


def _propose(city: Declarations, name: str, content: str | bytes, **options: Any) -> Proposal:
    file = city.folder.parent / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return propose(file, city, **options)


def _layout(found: Proposal) -> dict[str, Any]:
    layout: dict[str, Any] = found.draft.data["layouts"][0]
    return layout


def _loads(found: Proposal, rows: int) -> None:
    assert (found.delivery.rows_in, found.delivery.rows_accepted) == (rows, rows), found.delivery


def test_a_plain_table(city: Declarations) -> None:
    rows = "".join(f"{area};2021;{n};1.{n}00\n" for n, area in enumerate(VIERTEL, 1))
    found = _propose(
        city, "Wohngeld_Stand_2022-03-01.csv", f"Viertel;Jahr;Haushalte;Euro (EUR)\n{rows}"
    )
    _loads(found, 3)
    layout = _layout(found)
    assert layout["area"] == {
        "column": "Viertel", "system": "raum", "version": "1", "level": "viertel"
    }  # fmt: skip
    assert layout["period"]["columns"] == "Jahr"
    assert layout["as_of"] == {"file_name": r"Stand_(\d{4}-\d{2}-\d{2})"}
    assert layout["files"] == ["Wohngeld_Stand_*.csv"]
    assert [one["unit"] for one in found.draft.data["measures"]] == ["Anzahl", "EUR"]
    assert found.source.id == "wohngeld"


def test_fields_stand_in_the_order_of_the_models(city: Declarations) -> None:
    found = _propose(city, "x_2021.csv", "Viertel;Jahr;Zahl\n0101;2021;1\n0102;2021;2\n")
    for data, model in ((found.draft.data, Source), (_layout(found), Layout)):
        order = [name for name in model.model_fields if name in data]
        assert list(data) == order
    assert yaml.safe_load(found.draft.text) == found.draft.data
    assert "# ? which department" not in found.draft.text  # there is only one
    assert "# ? why does this file exist anyway?" in found.draft.text
    assert len(found.draft.doubts) == found.draft.text.count("# ? ")


def test_lost_zeros_total_row_and_symbols(city: Declarations) -> None:
    found = _propose(
        city,
        "Kita_2021.xlsx",
        town.workbook(
            {
                "2021": [["Viertel", "Plätze"], [101, 12], [102, "k. A."], [201, "."],
                         ["Insgesamt", 12], ["Quelle: Jugendamt", None]],
                "Hinweise": [["nichts"]],
            }
        ),
    )  # fmt: skip
    _loads(found, 3)
    layout = _layout(found)
    assert layout["area"]["pad"] == 4
    assert layout["format"]["footer"] == "^(Insgesamt|Quelle)"
    assert layout["symbols"] == {"k. A.": "missing"}
    assert any("lost leading zeros" in doubt for doubt in found.draft.doubts)
    assert any("'Hinweise'" in doubt for doubt in found.draft.doubts)
    assert any("'Insgesamt'" in doubt for doubt in found.draft.doubts)


@pytest.mark.parametrize(
    ("header", "periods", "form", "grain"),
    [
        ("Monat", ["Januar 2021", "März 2021", "Mai 2021"], "%B %Y", "month"),
        ("Quartal", ["Q1 2021", "Q2 2021", "Q3 2021"], "Q%q %Y", "quarter"),
        ("ZEIT", ["202101", "202102", "202105"], "%Y%m", "month"),
        ("Stichtag", ["30.06.2021", "31.12.2021", "30.06.2022"], "%d.%m.%Y", "half_year"),
        ("Jahr", ["2019", "2020", "2021"], "%Y", "year"),
    ],
)
def test_periods_in_a_column(
    city: Declarations, header: str, periods: list[str], form: str, grain: str
) -> None:
    rows = "".join(f"{area};{period};5\n" for area in VIERTEL for period in periods)
    found = _propose(city, "x.csv", f"Viertel;{header};Fälle\n{rows}")
    _loads(found, 9)
    assert _layout(found)["period"].get("format") == form
    assert _layout(found)["period"]["grain"] == grain


def test_year_and_month_in_two_columns(city: Declarations) -> None:
    rows = "".join(f"{area};2021;{month};5\n" for area in VIERTEL for month in ("Mai", "Juni"))
    found = _propose(city, "x.csv", f"Viertel;Jahr;Monat;Fälle\n{rows}")
    _loads(found, 6)
    assert _layout(found)["period"]["columns"] == ["Jahr", "Monat"]


def test_periods_and_groups_in_headers(city: Declarations) -> None:
    head = "Viertel;2019 / weiblich;2019 / männlich;2020 / weiblich;2020 / männlich\n"
    rows = "".join(f"{area};1;2;3;4\n" for area in VIERTEL)
    found = _propose(city, "Hilfen.csv", head + rows)
    _loads(found, 3)
    assert found.delivery.observations == 12
    assert _layout(found)["values"] == [
        {"measure": "hilfen", "match": r"(?P<period>\d{4}) / weiblich", "group": "geschlecht=w"},
        {"measure": "hilfen", "match": r"(?P<period>\d{4}) / männlich", "group": "geschlecht=m"},
    ]


def test_groups_and_kinds_in_columns(city: Declarations) -> None:
    rows = "".join(
        f"{area};{kind};{sex};{n}\n"
        for n, area in enumerate(VIERTEL)
        for kind in ("begonnen", "beendet")
        for sex in ("weiblich", "männlich", "insgesamt")
    )
    found = _propose(city, "x_2021.csv", f"Viertel;Merkmal;Geschlecht;Anzahl\n{rows}")
    _loads(found, 18)
    layout = _layout(found)
    assert layout["groups"][0]["map"] == {"insgesamt": "", "männlich": "m", "weiblich": "w"}
    assert [value["where"] for value in layout["values"]] == [
        {"Merkmal": ["begonnen"]}, {"Merkmal": ["beendet"]}
    ]  # fmt: skip
    assert found.delivery.observations == 18


def test_areas_by_name_and_without_area(city: Declarations) -> None:
    found = _propose(city, "x_2021.csv", "Viertel;Zahl\nHafen;1\nMarkt;2\nWiese;3\n")
    _loads(found, 3)
    assert any("by name" in doubt for doubt in found.draft.doubts)
    found = _propose(city, "y.csv", "Jahr;Bestand\n2020;100\n2021;200\n")
    _loads(found, 2)
    assert _layout(found)["area"]["is"] == "0"
    assert any("all rows count for Stadt" in doubt for doubt in found.draft.doubts)


def test_a_case_list(city: Declarations) -> None:
    rows = "".join(
        f"{day:02d}.{month:02d}.2021;{VIERTEL[day % 3]};Einbruch;{'frei' * day}\n"
        for month in range(1, 13)
        for day in range(1, 26)
    )
    found = _propose(city, "Liste_2021.csv", f"Tatdatum;Viertel;Delikt;Bemerkung\n{rows}")
    _loads(found, 300)
    layout = _layout(found)
    assert layout["cases"]["covers"] == {"file_name": r"Liste_(\d{4})"}
    assert layout["period"]["grain"] == "month"
    assert layout["ignore"] == ["Delikt", "Bemerkung"]
    assert "free text is never read" in found.draft.text


def test_what_has_no_numbers_is_refused(city: Declarations) -> None:
    with pytest.raises(CannotPropose, match="no column of numbers"):
        _propose(city, "x.csv", "Name;Ort\nA;B\nC;D\n")
    with pytest.raises(CannotPropose, match="no table"):
        _propose(city, "x.csv", "nur ein Satz\n")


def test_an_existing_contract_is_compared(city: Declarations) -> None:
    content = "Viertel;Jahr;Fälle (neu);Extra\n0101;2021;1;2\n0102;2021;2;3\n"
    found = _propose(city, "fall_2021-12-31.csv", content.encode("cp1252"), source_id="fall")
    assert found.known is not None
    assert found.layout is not None
    told = "\n".join(changes(found.known, found.layout, found.draft))
    assert "encoding: the contract says 'utf-8', the file has 'cp1252'" in told
    assert "column 'Fälle' is missing; 'Fälle (neu)' may be its new name" in told
    assert "column 'Extra' is new" in told
    diff = contract_diff(found.known, found.layout, found.source)
    assert "-    column: Fälle\n" in diff
    assert "+    encoding: cp1252\n" in diff


def test_an_unchanged_file_gives_no_difference(city: Declarations) -> None:
    inbox = city.folder / "deliveries" / "fall"
    file = inbox / "fall_2021-12-31.csv"
    file.write_text("Viertel;Jahr;Fälle\n0101;2020;1\n0102;2021;2\n", encoding="utf-8")
    found = propose(file, city)
    assert found.known is city.sources["fall"]
    assert found.layout is not None
    assert list(changes(found.known, found.layout, found.draft)) == []
    assert found.draft.data["measures"] == [
        {"id": "faelle", "name": {"de": "Fälle"}, "unit": "Fälle", "kind": "flow"}
    ]


def test_values_of_protected_files_are_masked(tmp_path: Path) -> None:
    protected: dict[str, Any] = {
        "protection": "sozialdaten", "purpose": "Planung", "legal_basis": "§ 1",
        "recipients": ["Amt"], "retention_days": 10,
    }  # fmt: skip
    city = town.found(tmp_path / "town", **protected)
    rows = "".join(f"{area};2021;1\n" for area in VIERTEL * 4)
    file = city.folder / "deliveries" / "fall" / "fall_2021-12-31.csv"
    file.write_text(f"Viertel;Jahr;Fälle\n{rows}0101;2020;Erika M.\n", encoding="utf-8")
    told = "\n".join(proof(propose(file, city)))
    assert "set aside" in told
    assert "Erika" not in told


def test_the_command(
    city: Declarations,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "Wohngeld_2021.csv"
    file.write_text("Viertel;Haushalte\n0101;1\n0102;2\n0201;3\n", encoding="utf-8")
    before = sorted(city.folder.rglob("*"))

    def run(*more: str) -> tuple[int | str | None, str, str]:
        words = ["wirkraum", "source", "propose", str(file), "-m", str(city.folder), *more]
        monkeypatch.setattr(sys, "argv", words)
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, *capsys.readouterr()

    code, out, err = run()
    assert code == 0, err
    Source.model_validate(yaml.safe_load(out))
    assert "3 rows in, 3 accepted, 0 set aside" in err
    assert sorted(city.folder.rglob("*")) == before
    assert run("--write")[0] == 0
    assert "wohngeld" in read_declarations(city.folder).sources
    code, _, err = run("--id", "neu", "--department", "nix")
    assert code == 1
    assert "nobody declares" in err
