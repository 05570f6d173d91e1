"""Declarations as a workbook: nothing changes on the way, edits arrive, errors name the cell."""

import shutil
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any, get_args

import openpyxl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from orchestration.cli import main
from orchestration.declarations import read_declarations
from orchestration.declarations.indicators import Kind
from orchestration.declarations.tree import KINDS, SINGLE_FILES
from orchestration.template import create
from orchestration.workbook.cells import BadCell, WorkbookError, from_cell, to_cell
from orchestration.workbook.export import CODES, READ_ME, export
from orchestration.workbook.shape import Column, root_sheets
from orchestration.workbook.write import bring_in

REPO = Path(__file__).parents[3]
NOT_DECLARED = shutil.ignore_patterns("deliveries", "store", "var", "*.py", "truth.json")


@pytest.fixture(params=["musterstadt", "template"])
def city(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    folder = tmp_path / "city"
    if request.param == "template":
        create(folder)
    else:
        shutil.copytree(REPO / "examples" / "musterstadt", folder, ignore=NOT_DECLARED)
    return folder


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Musterstadt's workbook, written once for all tests that only edit copies of it."""
    path = tmp_path_factory.mktemp("exported") / "muster.xlsx"
    export(read_declarations(REPO / "examples" / "musterstadt"), path)
    return path


@pytest.fixture
def muster(tmp_path: Path, exported: Path) -> Path:
    folder = tmp_path / "muster"
    shutil.copytree(REPO / "examples" / "musterstadt", folder, ignore=NOT_DECLARED)
    shutil.copyfile(exported, tmp_path / "muster.xlsx")
    return folder


def _bytes(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


class Book:
    """A workbook under somebody's hands."""

    def __init__(self, folder: Path) -> None:
        self.path = folder.parent / f"{folder.name}.xlsx"
        self.book = openpyxl.load_workbook(self.path)

    def column(self, sheet: str, header: str) -> int:
        return next(int(cell.column) for cell in self.book[sheet][1] if cell.value == header)

    def row(self, sheet: str, **wanted: object) -> int:
        page = self.book[sheet]
        return next(
            row
            for row in range(2, page.max_row + 1)
            if all(page.cell(row, self.column(sheet, h)).value == v for h, v in wanted.items())
        )

    def put(self, sheet: str, row: int, values: dict[str, object]) -> str:
        """Write cells of a row (0: a new one) and give the address of the last."""
        row = row or self.book[sheet].max_row + 1
        for header, value in values.items():
            cell = self.book[sheet].cell(row, self.column(sheet, header))
            cell.value = value
        return f"{sheet}!{cell.coordinate}"

    def save(self) -> Path:
        target = self.path.with_name("edited.xlsx")
        self.book.save(target)
        return target


def test_export_and_import_change_nothing(city: Path, tmp_path: Path) -> None:
    before = _bytes(city)
    export(read_declarations(city), tmp_path / "a.xlsx")
    export(read_declarations(city), tmp_path / "b.xlsx")
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    done = bring_in(tmp_path / "a.xlsx", city)
    assert (done.changed, done.new, done.left) == ([], [], [])
    assert _bytes(city) == before


def test_everything_written_anew_is_read_alike(muster: Path, tmp_path: Path) -> None:
    """All files are lost but the areas': the workbook alone brings the same declarations back."""
    before = read_declarations(muster)
    export(before, tmp_path / "a.xlsx")
    for path in muster.rglob("*.yml"):
        path.unlink()
    for path in (muster / "codes").glob("*.csv"):
        path.unlink()
    done = bring_in(tmp_path / "a.xlsx", muster)
    assert done.changed == []
    after = read_declarations(muster)
    for name in ("municipality", "area_systems", "codes", "groups", "sources", "indicators",
                 "goals", "services", "programmes", "marks", "releases", "voices",
                 "dialogues", "conflicts", "scenarios"):  # fmt: skip
        assert getattr(after, name) == getattr(before, name), name


def test_every_kind_has_a_sheet_and_titles_are_unique() -> None:
    roots = root_sheets()
    assert {root.name for root in roots} == set(KINDS) | set(SINGLE_FILES)
    titles = [sheet.title for root in roots for sheet in root.walk() if sheet.headers]
    titles += [READ_ME, CODES]
    assert len({title.lower() for title in titles}) == len(titles)
    assert all(len(title) <= 31 and not set(title) & set("[]:*?/\\") for title in titles)


def test_sheets_help_the_reader(muster: Path) -> None:
    book = Book(muster).book
    assert book.sheetnames[0] == READ_ME
    page = book["Indikatoren"]
    assert page.freeze_panes is not None
    header = next(cell for cell in page[1] if cell.value == "formula.kind")
    assert "share: part of a whole" in header.comment.text
    rules = {str(rule.sqref): rule.formula1 for rule in page.data_validations.dataValidation}
    assert f'"{",".join(get_args(Kind))}"' in rules.values()
    assert "'Fachbereiche'!$A$2:$A$2000" in rules.values()


def test_edits_arrive_and_all_else_stays(muster: Path) -> None:
    before = _bytes(muster)
    book = Book(muster)
    goal = {"goals.id": "einbruch_senken"}
    book.put("Zielstände", book.row("Zielstände", **goal), {"target": 250, "by": "31.12.2026"})
    book.put("Zielstände", 0, {**goal, "since": datetime(2024, 1, 1), "state": "decided"})
    book.put("Messgrößen", book.row("Messgrößen", id="kita_quote_u3"), {"minimum": "(none)"})
    book.put("Quellen", book.row("Quellen", id="sgb2"), {"name.de": "Neu: „Test“"})
    book.put(
        "Leistungen",
        0,
        {"id": "bibliothek", "name.de": "Bibliothek", "department": "bildung", "duty": "voluntary",
         "indicators": "einwohner\nanteil_65plus"},
    )  # fmt: skip
    book.put(CODES, 0, {"list": "geschlecht", "code": "01", "name_de": "divers"})
    done = bring_in(book.save(), muster)
    assert sorted(done.changed) == [
        "codes/geschlecht.csv", "goals/einbruch_senken.yml", "sources/kita.yml", "sources/sgb2.yml"
    ]  # fmt: skip
    assert done.new == ["services/bibliothek.yml"]
    assert done.comments == {}
    after = read_declarations(muster)
    versions = after.goals["einbruch_senken"].versions
    assert [(one.since, one.target, one.by) for one in versions] == [
        (date(2020, 1, 1), 250.0, date(2026, 12, 31)), (date(2024, 1, 1), None, None)
    ]  # fmt: skip
    assert after.measures["kita_quote_u3"][1].minimum is None
    assert after.services["bibliothek"].indicators == ["einwohner", "anteil_65plus"]
    assert after.codes["geschlecht"][-1].code == "01"
    now = _bytes(muster)
    assert {name for name in now if now[name] != before.get(name)} == {*done.changed, *done.new}


def test_comments_and_anchors_outlive_an_edit(muster: Path) -> None:
    path = muster / "sources" / "sgb2.yml"
    old = path.read_text(encoding="utf-8")
    book = Book(muster)
    book.put(
        "Werte", book.row("Werte", **{"sources.id": "sgb2", "sources.layouts.nr": "1"}),
        {"column": "anders"},
    )  # fmt: skip
    bring_in(book.save(), muster)
    new = path.read_text(encoding="utf-8")
    assert "# in the workbook the codes are numbers and have lost their zeros" in new
    assert "format: *format" in new
    first, second = read_declarations(muster).sources["sgb2"].layouts
    assert first.values[0].column == "anders"
    assert second.values[0].column != "anders"
    assert old != new


def test_lost_comments_are_named(muster: Path) -> None:
    path = muster / "goals" / "einbruch_senken.yml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("target: 280", "target: 280 # from the budget"), encoding="utf-8")
    book = Book(muster)
    row = book.row("Zielstände", **{"goals.id": "einbruch_senken"})
    book.put("Zielstände", row, {"target": None})
    done = bring_in(book.save(), muster, dry_run=True)
    assert done.comments == {"goals/einbruch_senken.yml": ["from the budget"]}


def test_rows_that_were_deleted_delete_no_file(muster: Path) -> None:
    book = Book(muster)
    book.book["Programme"].delete_rows(book.row("Programme", id="radsicher"))
    while True:
        try:
            row = book.row("Mitwirkende", **{"programmes.id": "radsicher"})
        except StopIteration:
            break
        book.book["Mitwirkende"].delete_rows(row)
    done = bring_in(book.save(), muster)
    assert done.left == ["programmes/radsicher.yml"]
    assert (muster / "programmes" / "radsicher.yml").is_file()


Wrong = tuple[str, dict[str, object], dict[str, object], str]


def _told(muster: Path, wrong: list[Wrong]) -> tuple[list[str], list[str]]:
    """What an import says of these edits, and what it has to say, by cell."""
    before = _bytes(muster)
    book = Book(muster)
    expected = []
    for sheet, find, values, words in wrong:
        row = book.row(sheet, **find) if find else 2
        expected.append(f"{book.put(sheet, row, values)}: {words}")
    with pytest.raises(WorkbookError) as caught:
        bring_in(book.save(), muster)
    assert _bytes(muster) == before
    return str(caught.value).splitlines(), expected


def test_cells_that_cannot_be_read_are_named(muster: Path) -> None:
    told, expected = _told(
        muster,
        [
            ("Leistungen", {}, {"duty": "freiwillig"}, "found 'freiwillig', expected one of"),
            ("Leistungen", {}, {"yearly_cost": "viel"}, "found 'viel', expected a number"),
            ("Leistungen", {}, {"staff": "=1+1"}, "found a formula"),
            ("Leistungen", {}, {"how_is_open": "vielleicht"}, "found 'vielleicht', expected ja"),
            ("Zielstände", {}, {"since": "gestern"}, "found 'gestern', expected a date"),
            ("Werte", {}, {"where": "Merkmal: x"}, "found 'Merkmal: x', expected a line like"),
            ("Zielgruppen", {"id": "jugendliche"}, {"id": "../x"}, "found '../x', expected lower"),
            ("Programme", {"id": "radsicher"}, {"id": "familienlotsen"}, "'familienlotsen' stands"),
            ("Nenner", {}, {"indicators.id": "fremd"}, "belongs to 'fremd', which is not in Ind"),
            (CODES, {"list": "geschlecht", "code": "m"}, {"code": "w"}, "code 'w' stands twice"),
            (CODES, {"list": "alter", "code": "u03"}, {"list": "../x"}, "found '../x', expected"),
        ],
    )
    for line in expected:
        assert any(one.startswith(line) for one in told), (line, told)


def test_values_that_models_refuse_are_named(muster: Path) -> None:
    told, expected = _told(
        muster,
        [
            ("Zielstände", {}, {"since": None}, "is missing and needed"),
            ("Indikatoren", {"id": "hze_rate"}, {"formula.per": -1}, "found -1; Input should be"),
        ],
    )
    for line in expected:
        assert any(one.startswith(line) for one in told), (line, told)


def test_names_nobody_declares_are_named(muster: Path) -> None:
    told, expected = _told(
        muster,
        [
            ("Indikatoren", {"id": "hze_rate"}, {"department": "nix"}, "found department 'nix'"),
            (
                "Zähler",
                {"indicators.id": "hze_rate"},
                {"measure": "hze_begonnenn"},
                "found measure",
            ),
            ("Ziele", {"id": "einbruch_senken"}, {"areas": "00\n9999"}, "[1]: found area '9999'"),
        ],
    )
    for line in expected:
        assert any(one.startswith(line) for one in told), (line, told)


def test_sheets_and_columns_that_are_gone(muster: Path) -> None:
    book = Book(muster)
    where = book.put("Leistungen", 1, {"duty": "pflicht"})
    del book.book["Ziele"]
    with pytest.raises(WorkbookError) as caught:
        bring_in(book.save(), muster)
    told = str(caught.value)
    assert f"{where}: unknown column 'pflicht'" in told
    assert "Leistungen!A1: the column 'duty' is missing" in told
    assert "the sheet 'Ziele' is missing" in told


def test_a_column_nobody_uses_may_be_missing(muster: Path) -> None:
    """A workbook from before a new field still comes in; one that would lose values does not."""
    book = Book(muster)
    page = book.book["Layouts"]
    columns = page.iter_cols(min_row=2)
    unused = [cells[0].column for cells in columns if all(cell.value is None for cell in cells)]
    page.delete_cols(unused[0])
    assert bring_in(book.save(), muster).changed == []
    book.book["Leistungen"].delete_cols(book.column("Leistungen", "staff"))
    with pytest.raises(WorkbookError, match=r"'staff' is missing, but services/.* uses it"):
        bring_in(book.save(), muster)


def test_text_never_becomes_a_formula(muster: Path) -> None:
    evil = ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)"]
    people = "".join(f'  - {{role: "{one}"}}\n' for one in evil)
    head = muster / "municipality.yml"
    head.write_text(head.read_text(encoding="utf-8") + people, encoding="utf-8")
    target = muster.parent / "evil.xlsx"
    export(read_declarations(muster), target)
    page = openpyxl.load_workbook(target)["Zuständige"]
    cells = {row[0].value: row[0] for row in page.iter_rows(min_row=2)}
    assert all(cells[one].data_type == "s" and cells[one].quotePrefix for one in evil)
    assert bring_in(target, muster).changed == []


def test_no_workbook_is_written_over(muster: Path) -> None:
    target = muster.parent / "there.xlsx"
    target.write_text("mine")
    with pytest.raises(FileExistsError):
        export(read_declarations(muster), target)
    with pytest.raises(WorkbookError, match="is no Excel workbook"):
        bring_in(target, muster)
    assert target.read_text() == "mine"


def test_the_commands(
    muster: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*words: str | Path) -> str:
        monkeypatch.setattr(sys, "argv", ["wirkraum", "workbook", *map(str, words)])
        monkeypatch.setenv("COLUMNS", "200")
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        return told.out if ended.value.code == 0 else told.err

    file = muster.parent / "new.xlsx"
    assert run("export", muster, file).startswith(f"Wrote {file} with ")
    assert run("import", file, muster) == "Nothing changed.\n"
    book = Book(muster)
    where = book.put("Indikatoren", book.row("Indikatoren", id="einwohner"), {"department": "x"})
    assert run("import", book.save(), muster).startswith(f"wirkraum: {where}: found department 'x'")
    book.put("Indikatoren", book.row("Indikatoren", id="einwohner"), {"department": "jugend"})
    assert run("import", book.save(), muster, "--dry-run") == (
        "would change: indicators/einwohner.yml\n"
    )


TEXTS = st.text(
    st.characters(
        codec="utf-8", categories=("L", "N", "P", "S", "Z", "Cf"), include_characters="\n"
    ),
    max_size=30,
)


def _through(value: Any, column: Column) -> Any:
    return from_cell(to_cell(value, column), column)


@given(TEXTS)
def test_texts_come_back(text: str) -> None:
    assert _through(text, Column(("a",), "text")) == text


@given(st.lists(TEXTS, max_size=5))
def test_lists_come_back(texts: list[str]) -> None:
    assert _through(texts, Column(("a",), "list")) == texts
    if texts:
        assert _through(texts, Column(("a",), "one_or_list")) == texts
        assert _through(texts[0], Column(("a",), "one_or_list")) == texts[0]


@given(st.dictionaries(TEXTS, st.lists(TEXTS, min_size=1, max_size=3), max_size=3))
@example({"": [" | | "], "Art | Weise": ["a | b", "|"]})
def test_conditions_come_back(where: dict[str, list[str]]) -> None:
    assert _through(where, Column(("a",), "lists")) == where


@given(st.one_of(st.text(max_size=20), st.integers(), st.floats(), st.booleans()))
def test_no_cell_breaks_the_reader(cell: Any) -> None:
    for kind in ("text", "int", "float", "bool", "date", "choice", "list", "lists", "json"):
        try:
            from_cell(cell, Column(("a",), kind, choices=("a",)))
        except BadCell:
            continue
