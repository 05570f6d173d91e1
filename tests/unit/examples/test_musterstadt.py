"""Musterstadt: the same bytes every time, really awkward, and planted as the truth file says."""

import csv
import io
import json
from collections import Counter
from datetime import date
from math import log
from pathlib import Path
from typing import Any, get_args

import openpyxl
import polars as pl
import pytest

from examples.musterstadt import plants
from examples.musterstadt.city import NEW, OLD, TINY, districts
from examples.musterstadt.generate import FOLDER, generate
from orchestration.declarations import Declarations, read_declarations
from orchestration.declarations.indicators import Kind
from orchestration.ingest import lake
from orchestration.ingest.plan import Context
from orchestration.ingest.reading import read_file
from orchestration.place import Place

CASES = ["Tatdatum", "Deliktsgruppe", "Stadtteil", "Stadtgebiet", "Ausführung"]


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("musterstadt")
    generate(folder)
    return folder


@pytest.fixture(scope="module")
def truth(city: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((city / "truth.json").read_text(encoding="utf-8"))
    return content


@pytest.fixture(scope="module")
def planted(truth: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["id"]: one for one in truth["planted"]}


@pytest.fixture(scope="module")
def declarations() -> Declarations:
    return read_declarations(FOLDER)


@pytest.fixture(scope="module")
def read(
    city: Path, declarations: Declarations, tmp_path_factory: pytest.TempPathFactory
) -> tuple[pl.DataFrame, dict[str, int], list[str]]:
    """All observations, the rows set aside per file, and all notes of the readers."""
    lakeside = Place(tmp_path_factory.mktemp("lakeside"))
    frames: list[pl.DataFrame] = []
    aside, notes = {}, []
    for source in declarations.sources.values():
        inbox = city / "deliveries" / source.id
        matched = set()
        for layout in source.layouts:
            for path in sorted(one for glob in layout.files for one in inbox.glob(glob)):
                matched.add(path)
                assert layout.as_of is not None
                assert layout.as_of.file_name is not None
                stamp = date.fromisoformat(path.stem[-10:])
                context = Context(declarations, source, layout, path.name, path.name, stamp)
                with lake.Parts(lakeside, source.id, path.stem) as parts:
                    outcome = read_file(path, context, parts)
                    parts.put_in_place()
                found = lakeside.lake / "observations" / source.id
                frames += map(pl.read_parquet, sorted(found.glob(f"{path.stem}.*.parquet")))
                notes += outcome.notes
                if outcome.set_aside:
                    aside[f"{source.id}/{path.name}"] = outcome.set_aside
        assert matched == set(inbox.iterdir()), source.id
    return pl.concat(frames), aside, notes


@pytest.fixture(scope="module")
def latest(read: tuple[pl.DataFrame, dict[str, int], list[str]]) -> pl.DataFrame:
    key = ["measure_id", "area_version", "area_id", "period_start", "grain", "group_id"]
    return read[0].sort("as_of", maintain_order=True).unique(key, keep="last", maintain_order=True)


def lines(path: Path, encoding: str, delimiter: str = ";") -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_bytes().decode(encoding)), delimiter=delimiter))


def total(frame: pl.DataFrame) -> float:
    return float(frame["value"].sum())


# --- the generator -----------------------------------------------------------------------------


def test_same_bytes_on_every_run(city: Path, tmp_path: Path) -> None:
    generate(tmp_path)
    names = sorted(one.relative_to(city) for one in city.rglob("*") if one.is_file())
    assert names == sorted(
        one.relative_to(tmp_path) for one in tmp_path.rglob("*") if one.is_file()
    )
    different = [one for one in names if (city / one).read_bytes() != (tmp_path / one).read_bytes()]
    assert different == []


def test_declared_outlines_are_those_of_the_generator(city: Path) -> None:
    """They are kept in the repository: declarations are read before anything is generated."""
    written = sorted((city / "areas").glob("*.geojson"))
    assert len(written) == 2
    for path in written:
        assert path.read_bytes() == (FOLDER / "areas" / path.name).read_bytes()


def test_writes_only_what_differs(tmp_path: Path) -> None:
    assert len(generate(tmp_path)) > 100
    assert generate(tmp_path) == []
    (tmp_path / "truth.json").unlink()
    own = tmp_path / "deliveries" / "kita" / "notes.csv"
    own.write_text("kept")
    assert generate(tmp_path) == [tmp_path / "truth.json"]
    assert own.read_text() == "kept"


def test_another_seed_is_another_city(city: Path, tmp_path: Path) -> None:
    generate(tmp_path, seed=7)
    name = Path("deliveries") / "einwohner" / "Einwohner_2024-12-31_Stand_2025-02-15.csv"
    assert (city / name).read_bytes() != (tmp_path / name).read_bytes()


def test_truth_stands_where_no_contract_looks(city: Path) -> None:
    assert [one.name for one in city.iterdir() if one.is_file()] == ["truth.json"]


# --- the declarations --------------------------------------------------------------------------


def test_areas_are_those_of_the_generator(declarations: Declarations) -> None:
    for version, count in ((OLD, 23), (NEW, 24)):
        found = declarations.register.of("stadtgliederung", version).filter(level="stadtteil")
        assert dict(found.select("area_id", "name").iter_rows()) == districts(version)
        assert len(found) == count


def test_crosswalk_is_rounded_truth(declarations: Declarations, truth: dict[str, Any]) -> None:
    found = {
        (row["from_area_id"], row["to_area_id"]): row["weight_raw"]
        for row in declarations.register.crosswalk.iter_rows(named=True)
    }
    true = {(row["from"], row["to"]): row["share"] for row in truth["crosswalk"]}
    assert found == pytest.approx(true, abs=0.005)
    sums = Counter[str]()
    for (old, _), weight in found.items():
        sums[old] += weight
    lost = {old: round(1 - weight, 6) for old, weight in sums.items() if abs(1 - weight) > 1e-9}
    assert lost == plants.RAW_WEIGHT_LOSS


def test_programmes_are_where_effects_are_planted(
    declarations: Declarations, planted: dict[str, dict[str, Any]]
) -> None:
    for one in planted.values():
        if "programme" in one:
            assert sorted(declarations.programmes[one["programme"]].areas) == one["areas"]
        if one["indicator"] is not None:
            assert one["indicator"] in declarations.indicators
        if "goal" in one:
            assert one["goal"] in declarations.goals


def test_every_text_is_there_in_both_languages(declarations: Declarations) -> None:
    for one in declarations.indicators.values():
        for text in (one.name, one.meaning, one.caveats, one.not_meant_for):
            assert text is not None, one.id
            assert text.en, one.id


def test_every_kind_of_indicator_occurs(declarations: Declarations) -> None:
    kinds = {one.formula.kind for one in declarations.indicators.values()}
    assert kinds == set(get_args(Kind))


# --- the awkward forms -------------------------------------------------------------------------


def test_cp1252_with_title_lines_and_footnote(city: Path) -> None:
    path = city / "deliveries" / "einwohner" / "Einwohner_2019-12-31_Stand_2020-02-15.csv"
    with pytest.raises(UnicodeDecodeError):
        path.read_bytes().decode("utf-8")
    rows = lines(path, "cp1252")
    assert [len(row) for row in rows[:3]] == [1, 1, 5]
    assert rows[-2][0] == "Summe"
    assert rows[-1][0].startswith("Quelle")
    assert any("." in row[4] for row in rows[3:-1])


def test_decimal_comma_and_signs(city: Path) -> None:
    rows = lines(city / "deliveries" / "kita" / "Kita_2018-03-01_Stand_2018-05-31.csv", "cp1252")
    assert "," in rows[3][5]
    island = next(row for row in rows if row[0] == TINY)
    assert island[3:] == ["-", "-", "x"]
    assert any(
        row[3] == "." for row in lines(
            city / "deliveries" / "schuleingang" / "Schuleingang_2018_Stand_2018-11-30.csv", "utf-8"
        )[:-1]
    )  # fmt: skip


def test_byte_order_mark_and_quoted_numbers(city: Path) -> None:
    path = city / "deliveries" / "jugendtreff" / "Jugendtreffs_2020_Stand_2021-01-20.csv"
    data = path.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.decode("utf-8-sig").splitlines()[1].startswith('"0101";"Altstadt";"2020";"01";"')


def test_cp850(city: Path) -> None:
    path = city / "deliveries" / "schuldnerberatung" / "Wartezeiten_2020_Stand_2021-02-10.txt"
    assert path.read_bytes().decode("cp850").splitlines()[0] == "Wartezeit in Tagen|Fälle"
    with pytest.raises(UnicodeDecodeError):
        path.read_bytes().decode("utf-8")


def test_workbook_with_merged_header(city: Path) -> None:
    path = city / "deliveries" / "hze" / "HzE_2020-2021_Stand_2022-04-15.xlsx"
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["Tabelle 1", "Hinweise"]
    sheet = book["Tabelle 1"]
    merged = {str(one) for one in sheet.merged_cells.ranges}
    assert {"A3:A4", "B3:B4", "C3:E3", "F3:H3"} <= merged
    assert [cell.value for cell in sheet[3]][2:6] == [2020, None, None, 2021]
    assert sheet["A5"].value == "0101"


def test_workbook_with_two_sheets_and_lost_zeros(city: Path) -> None:
    book = openpyxl.load_workbook(city / "deliveries" / "sgb2" / "SGB2_2015_Stand_2016-04-05.xlsx")
    assert book.sheetnames == ["2015-06", "2015-12", "Erläuterungen"]
    assert book["2015-06"]["A2"].value == 101
    assert "\n" in book["2015-06"]["C1"].value


def test_case_list(city: Path) -> None:
    files = sorted((city / "deliveries" / "vorfaelle").iterdir())
    rows = [row for one in files for row in lines(one, "cp1252")[1:]]
    assert lines(files[0], "cp1252")[0] == CASES
    assert 15_000 <= len(rows) <= 25_000
    assert any(not row[2] and row[3] for row in rows)
    assert any(not row[2] and not row[3] for row in rows)
    assert max(Counter(map(tuple, lines(files[0], "cp1252"))).values()) > 1


def test_late_correction_swaps_two_lines_back(city: Path) -> None:
    first, later = (
        openpyxl.load_workbook(city / "deliveries" / "sgb2" / name)
        for name in ("SGB2_2021_Stand_2022-04-05.xlsx", "SGB2_2021_Korrektur_Stand_2022-09-30.xlsx")
    )
    changed = {
        (sheet, f"{old[0]:04d}")
        for sheet in ("2021-06", "2021-12")
        for old, new in zip(
            first[sheet].iter_rows(min_row=2, max_row=25, values_only=True),
            later[sheet].iter_rows(min_row=2, max_row=25, values_only=True),
            strict=True,
        )
        if old != new
    }
    assert changed == {("2021-12", code) for code in plants.SWAPPED}


def test_code_means_another_place(planted: dict[str, dict[str, Any]]) -> None:
    places = planted["code_neu_vergeben"]["places"]
    assert places == {
        "Steinbruch": {OLD: "0402", NEW: "0405"},
        "Hafenvorstadt": {OLD: "0405", NEW: "0402"},
    }


# --- read by the contracts ---------------------------------------------------------------------


def test_only_the_planted_rows_are_set_aside(
    read: tuple[pl.DataFrame, dict[str, int], list[str]], truth: dict[str, Any]
) -> None:
    assert read[1] == truth["expected_quarantine"]


def test_no_column_is_unknown(read: tuple[pl.DataFrame, dict[str, int], list[str]]) -> None:
    assert [note for note in read[2] if "unknown column" in note] == []


def test_totals_of_the_city(latest: pl.DataFrame, truth: dict[str, Any]) -> None:
    everybody = latest.filter(group_id="all")
    for name, years in truth["totals"].items():
        measure = name.removesuffix("_dezember")
        of_measure = everybody.filter(measure_id=measure)
        if name.endswith("_dezember"):
            of_measure = of_measure.filter(pl.col("period_start").dt.month() == 12)
        sums = of_measure.group_by(year=pl.col("period_start").dt.year()).agg(pl.col("value").sum())
        found = {str(year): value for year, value in sums.sort("year").iter_rows()}
        assert found == {year: float(value) for year, value in years.items()}, name


def test_control_total_differs_in_one_year(latest: pl.DataFrame, truth: dict[str, Any]) -> None:
    register = latest.filter(measure_id="melderegister_bestand")
    differences = {
        day.year: value - truth["totals"]["einwohner"][str(day.year)]
        for day, value in register.select("period_start", "value").iter_rows()
    }
    assert {year: gap for year, gap in differences.items() if gap} == {
        plants.REGISTER_YEAR: plants.REGISTER_EXCESS
    }


# --- planted sizes, computed from the deliveries -----------------------------------------------


def test_bicycle_thefts_fall_where_planted(
    latest: pl.DataFrame, planted: dict[str, dict[str, Any]]
) -> None:
    effect = planted["effekt_radsicher"]
    thefts = latest.filter(measure_id="fahrraddiebstahl")
    inside = pl.col("area_id").is_in(effect["areas"])
    after = pl.col("period_start") >= date.fromisoformat(effect["periods"]["first"])

    def rate(where: pl.Expr, when: pl.Expr, years: int) -> float:
        return total(thefts.filter(where, when)) / years

    treated = rate(inside, after, 4) / rate(inside, ~after, 6)
    others = rate(~inside, after, 4) / rate(~inside, ~after, 6)
    assert log(treated / others) == pytest.approx(log(1 + effect["size"]), abs=0.2)
    assert effect["realised"]["relative"] == pytest.approx(effect["size"], abs=0.05)


def test_family_guides_were_sent_to_the_peaks(
    latest: pl.DataFrame, planted: dict[str, dict[str, Any]]
) -> None:
    trap = planted["kein_effekt_familienlotsen"]
    begun = latest.filter(measure_id="hze_begonnen", group_id="all", period_start=date(2018, 1, 1))
    minors = latest.filter(
        pl.col("group_id").is_in([f"alter={one}" for one in ("u03", "03u06", "06u15", "15u18")]),
        measure_id="einwohner",
        period_start=date(2018, 12, 31),
    )
    per_area = begun.join(
        minors.group_by("area_id").agg(minors=pl.col("value").sum()), on="area_id"
    )
    ranked = (
        per_area.filter(pl.col("area_id") != TINY)
        .sort(pl.col("value") / pl.col("minors"), descending=True)["area_id"]
        .to_list()
    )
    assert sorted(ranked[:4]) == trap["areas"]
    assert trap["realised"]["mean_rate_2020_2024"] < 0.8 * trap["realised"]["rate_2018"]


def test_family_guides_are_used_differently_and_some_families_have_no_district(
    latest: pl.DataFrame, planted: dict[str, dict[str, Any]]
) -> None:
    year = latest.filter(pl.col("period_start").dt.year() == 2024)
    guided = year.filter(measure_id="begleitete_kinder", group_id="all")
    need = year.filter(measure_id="sgb2_kinder", period_start=date(2024, 12, 31))
    both = guided.join(need, on="area_id", suffix="_need")
    shares = dict(both.select("area_id", pl.col("value") / pl.col("value_need")).rows())
    truth = planted["ungleiche_reichweite_familienlotsen"]
    assert {one: shares[one] for one in truth["areas"]} == pytest.approx(
        truth["realised"], abs=1e-4
    )
    assert truth["realised"] == pytest.approx(plants.FAMILY_REACH, abs=0.06)
    assert guided.filter(area_id="00:nz")["value"][0] >= 10
    by_age = year.filter(
        pl.col("group_id").str.starts_with("alter="), measure_id="begleitete_kinder"
    )
    assert 0.8 < total(by_age) / total(guided) < 0.97, "some children's age is not known"


def test_waits_bunch_below_the_target(latest: pl.DataFrame) -> None:
    waits = latest.filter(pl.col("group_id") != "all", measure_id="beratungen_begonnen")

    def share(first: int, last: int, years: range) -> float:
        when = waits.filter(pl.col("period_start").dt.year().is_in(list(years)))
        wanted = [f"wartetage={day}" for day in range(first, last + 1)]
        return total(when.filter(pl.col("group_id").is_in(wanted))) / total(when)

    before, since = range(2015, plants.WAIT_SINCE), range(plants.WAIT_SINCE, 2025)
    left = share(*plants.WAIT_FROM, since) / share(*plants.WAIT_FROM, before)
    assert 1 - left == pytest.approx(plants.WAIT_MOVED, abs=0.08)
    assert share(*plants.WAIT_TO, since) > 1.5 * share(*plants.WAIT_TO, before)


def test_visits_are_copied_rounded_and_pulled_forward(latest: pl.DataFrame) -> None:
    visits = latest.filter(measure_id="jugendtreff_besuche").sort("area_id", "period_start")
    rounded = visits.filter(pl.col("area_id").is_in(plants.ROUNDED_AREAS))
    assert (rounded["value"] % plants.ROUNDED_TO == 0).all()
    copied = visits.filter(
        pl.col("period_start").is_between(date(2022, 2, 1), date(2022, 9, 1)),
        area_id=plants.COPIED_AREA,
    )
    assert (copied.height, copied["value"].n_unique()) == (plants.COPIED_MONTHS + 1, 1)
    west = visits.filter(pl.col("area_id").str.starts_with("04"))

    def contrast(years: range) -> float:
        """Mean log of December to the January after it."""
        ends = [
            (total(west.filter(period_start=date(y, 12, 1))),
             total(west.filter(period_start=date(y + 1, 1, 1))))
            for y in years
        ]  # fmt: skip
        return sum(log(a / b) for a, b in ends) / len(ends)

    planned = log(1 + plants.VISITS_PULLED) - log(1 - plants.VISITS_PULLED)
    shift = contrast(range(2020, 2024)) - contrast(range(2015, 2019))
    assert shift == pytest.approx(planned, abs=0.1)


def test_burglaries_change_their_category(
    latest: pl.DataFrame, planted: dict[str, dict[str, Any]]
) -> None:
    def yearly(measure: str, first: int, last: int) -> float:
        years = pl.col("period_start").dt.year().is_between(first, last)
        found = latest.filter(years, measure_id=measure, group_id="all")
        return total(found) / (last - first + 1)

    homes = yearly("wohnungseinbruch", 2020, 2024) / yearly("wohnungseinbruch", 2015, 2019)
    cellars = yearly("kellereinbruch", 2020, 2024) / yearly("kellereinbruch", 2015, 2019)
    assert 1 - homes == pytest.approx(plants.RECODED_SHARE, abs=0.06)
    assert cellars > 1.2
    realised = planted["umgebucht_einbruch"]["realised"]["relative"]
    assert realised == pytest.approx(-plants.RECODED_SHARE, abs=0.03)


def test_courses_rise_everywhere_and_fall_in_the_city(
    latest: pl.DataFrame, planted: dict[str, dict[str, Any]]
) -> None:
    realised = planted["simpson_elternkurse"]["realised"]
    assert realised["city"] < -0.03
    assert realised["harder_quarters"] > 0.03
    assert realised["other_quarters"] > 0.03

    def share(years: list[int]) -> float:
        found = latest.filter(pl.col("period_start").dt.year().is_in(years))
        finished = total(found.filter(measure_id="elternkurs_abschluesse"))
        return finished / total(found.filter(measure_id="elternkurs_anmeldungen"))

    assert share([2023, 2024]) - share([2015, 2016]) == pytest.approx(realised["city"], abs=1e-4)


def test_last_months_of_the_case_list_are_incomplete(planted: dict[str, dict[str, Any]]) -> None:
    known = planted["letzter_zeitraum_unvollstaendig"]["realised"]
    assert known["2024-12"] < 0.85 < known["2024-10"]


def test_one_district_is_tiny(latest: pl.DataFrame) -> None:
    people = latest.filter(
        pl.col("area_id").str.len_chars() == 4,
        measure_id="einwohner",
        group_id="all",
        period_start=date(2024, 12, 31),
    ).sort("value")
    assert people["area_id"][0] == TINY
    assert people["value"][0] < 500
    assert people["value"][1] >= 2000
    assert people["value"][-1] <= 18_000
