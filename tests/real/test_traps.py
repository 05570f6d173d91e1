"""Each trap that is known to be in Berlin's files is handled or said in words."""

from datetime import date

import polars as pl
import pytest

from orchestration.ingest.changes import changes
from tests.real.taken import Taken

pytestmark = pytest.mark.slow

STOCK = "berlin-lor-housing-stock-{}-00-{}-planning-areas.csv"
MONITORING = "berlin-monitoring-social-urban-development-{}"
LEDGER = "kamerale_monatsdaten_bezirk_lichtenberg_{}"


def _total(frame: pl.DataFrame, day: date) -> float:
    """The sum of a measure on a day, over all areas of the only level it comes in."""
    return float(frame.filter(pl.col("period_start") == day)["value"].sum())


def _areas(frame: pl.DataFrame, day: date) -> tuple[str, int]:
    """Version and number of areas of a measure on a day."""
    part = frame.filter(pl.col("period_start") == day)
    (version,) = part["area_version"].unique()
    return version, part["area_id"].n_unique()


def _at(frame: pl.DataFrame, area: str, day: date) -> float | None:
    (value,) = frame.filter(pl.col("area_id") == area, pl.col("period_start") == day)["value"]
    return None if value is None else float(value)


# 1 The borders of 2021 arrive in another year in each department.


@pytest.mark.parametrize(
    ("measure", "day", "expected"),
    [
        ("einwohner_halbjahr", date(2020, 12, 31), ("2006", 448)),
        ("einwohner_halbjahr", date(2021, 6, 30), ("2021", 542)),
        ("mss_einwohner_lage", date(2018, 12, 31), ("2006", 447)),
        ("mss_einwohner_lage", date(2020, 12, 31), ("2021", 542)),
        ("wohnungen", date(2021, 12, 31), ("2006", 438)),
        ("wohnungen", date(2022, 12, 31), ("2021", 434)),
        ("wohnungen_aelter", date(2022, 12, 31), ("2006", 435)),
    ],
)
def test_new_borders_arrive_at_different_times(
    berlin: Taken, measure: str, day: date, expected: tuple[str, int]
) -> None:
    assert _areas(berlin.measure(measure, None), day) == expected


def test_the_health_atlas_of_2022_still_uses_the_old_areas(berlin: Taken) -> None:
    found = berlin.measure("gesundheitsindex").group_by("file_name", "area_version").len()
    assert sorted(found.rows()) == [
        ("gssa_2022_bezirke.csv", "2006", 24),
        ("gssa_2022_bezirksregionen.csv", "2006", 276),
        ("gssa_2022_planungsraeume.csv", "2006", 896),
        ("gssa_2022_prognoseraeume.csv", "2006", 120),
    ]


def test_the_older_crime_atlas_is_coded_back(berlin: Taken) -> None:
    found = berlin.measure("pks_straftaten_aelter")
    assert set(found["area_version"]) == {"2021"}
    assert set(found["period_start"].dt.year()) == set(range(2012, 2024))


# 2 One area was split off in 2019.


def test_a_new_area_appears_in_2019(berlin: Taken) -> None:
    register, half_year = berlin.measure("einwohner"), berlin.measure("einwohner_halbjahr")
    assert _areas(register, date(2018, 12, 31)) == ("2006", 447)
    assert _areas(register, date(2019, 12, 31)) == ("2006", 448)
    assert _areas(half_year, date(2018, 12, 31)) == ("2006", 447)
    assert _areas(half_year, date(2019, 6, 30)) == ("2006", 448)


# 3 The register's own traps.


def test_the_register_in_its_many_forms(berlin: Taken) -> None:
    register = berlin.measure("einwohner")
    assert _total(register, date(2012, 12, 31)) == 3_469_621  # quoted, "2930,00"
    assert _total(register, date(2014, 12, 31)) == 3_562_166  # seven digits
    assert _areas(register, date(2014, 12, 31)) == ("2006", 447)
    assert berlin.one("EWR200912E_Matrix.csv").reasons == [
        ("ZEIT: found '', expected a date like 202412", 1, "449")
    ]
    assert berlin.one("EWR_L21_202412E_Matrix.csv").reasons == [
        ("'06200318' is no area of lor 2021", 1, "262")
    ]
    missing = register.filter(pl.col("period_start") == date(2025, 12, 31), status="missing")
    assert sorted(missing["area_id"]) == ["03400831", "06200418"]


def test_the_register_never_shows_one_or_two(berlin: Taken) -> None:
    values = berlin.measure("einwohner", None)["value"]
    assert values.is_in([1.0, 2.0]).sum() == 0
    assert values.is_in([3.0]).sum() > 0


# 4 Control totals agree across departments.


def test_control_totals_agree(berlin: Taken) -> None:
    register, half_year = berlin.measure("einwohner"), berlin.measure("einwohner_halbjahr")
    monitoring = berlin.measure("mss_einwohner")
    for year, total in ((2012, 3_469_621), (2014, 3_562_166), (2016, 3_670_622), (2018, 3_748_148)):
        day = date(year, 12, 31)
        assert _total(register, day) == _total(monitoring, day) == total
    for year in range(2015, 2021):
        day = date(year, 12, 31)
        assert _total(register, day) == _total(half_year, day)
    assert _total(half_year, date(2024, 12, 31)) == _total(register, date(2024, 12, 31))


# 5 The social monitoring's conversions.


def test_the_table_of_2021_is_cut_off_and_others_show_it(berlin: Taken) -> None:
    day = date(2020, 12, 31)
    cut = berlin.measure("mss_einwohner").filter(pl.col("period_start") == day)
    assert (cut.height, cut["value"].sum()) == (447, 3_082_266)
    assert _total(berlin.measure("mss_einwohner_hand"), day) == 3_769_962
    older = berlin.measure("mss_einwohner_aelter").filter(pl.col("period_start") == day)
    assert (older.height, older["value"].sum()) == (534, 3_767_652)


def test_what_is_not_published_is_never_nil(berlin: Taken) -> None:
    single_parents = berlin.measure("mss_k02_alleinerziehende")
    for year in (2016, 2018):
        part = single_parents.filter(pl.col("period_start") == date(year, 12, 31))
        assert part.height > 0
        assert part["value"].is_null().all()
        assert set(part["status"]) == {"missing"}
    municipal = berlin.measure("mss_k08_staedtische_wohnungen").filter(
        pl.col("period_start") == date(2020, 12, 31), area_version="2021"
    )
    assert (
        municipal.filter(pl.col("file_name").str.contains("-4-1-planning"))["value"].is_null().all()
    )


# 6 The dwelling stock's shifted names.


def test_names_shifted_by_one_column_are_put_right(berlin: Taken) -> None:
    stock = berlin.measure("wohnungen", None)
    total = stock.filter(group_id="all")
    sizes = stock.filter(pl.col("group_id") != "all")
    assert sizes["group_id"].n_unique() == 7
    assert total["value"].sum() == sizes["value"].sum()
    older = berlin.measure("wohnungen_aelter")
    both = total.join(older, on=["area_version", "area_id", "period_start"], suffix="_older")
    assert both.height == 426 * 7
    assert (both["value"] == both["value_older"]).all()


def test_the_stock_is_cut_off_and_one_code_is_wrong(berlin: Taken) -> None:
    totals = berlin.measure("wohnungen")
    assert _total(totals, date(2021, 12, 31)) == 1_939_857
    assert _total(totals, date(2022, 12, 31)) == 1_612_944
    assert _total(totals, date(2023, 12, 31)) == 1_624_513
    for year in (2015, 2016, 2017, 2018):
        reasons = berlin.one(STOCK.format(year, 16)).reasons
        assert reasons == [("'10010001' is no area of lor 2006", 1, "2")]
    nil = berlin.measure("wohnungen").filter(pl.col("value") == 0)
    assert set(nil["status"]) == {"observed"}


def test_the_older_conversion_lost_its_first_area(berlin: Taken) -> None:
    older = berlin.measure("wohnungen_aelter")
    assert "01011101" not in set(older["area_id"])
    assert "01011101" in set(berlin.measure("wohnungen")["area_id"])
    assert _total(older, date(2022, 12, 31)) == 1_970_372


# 7 The crime atlas.


def test_cases_that_cannot_be_placed(berlin: Taken) -> None:
    levels = dict(
        berlin.declarations.register.of("lor", "2021").select("area_id", "level").iter_rows()
    )
    cases = berlin.measure("pks_straftaten").with_columns(
        level=pl.col("area_id").replace_strict(levels)
    )
    somewhere = cases.filter(area_id="0:nz")["value"]
    assert (somewhere.len(), somewhere.min(), somewhere.max()) == (10, 38_438, 65_970)
    for year in range(2015, 2025):
        part = cases.filter(pl.col("period_start") == date(year, 1, 1))
        sums = dict(part.group_by("level").agg(pl.col("value").sum()).iter_rows())
        assert sums["stadt"] == sums["bzr"] + sums["nicht_zuzuordnen"]
        assert sums["bzr"] < sums["bezirk"] < sums["stadt"]


def test_headers_with_line_breaks_and_soft_hyphens(berlin: Taken) -> None:
    injuries = berlin.measure("pks_koerperverletzung").filter(area_id="0")
    assert injuries.height == 10
    older = berlin.measure("pks_koerperverletzung_aelter")
    assert _total(older, date(2012, 1, 1)) > 0
    bicycles = berlin.measure("pks_fahrraddiebstahl").filter(area_id="0")
    assert bicycles.height == 10
    assert (bicycles["value"] > 15_000).all()


def test_no_rate_where_nobody_lives(berlin: Taken) -> None:
    rates = berlin.measure("hz_straftaten")
    blocked = rates.filter(status="not_collected")
    assert blocked["value"].is_null().all()
    assert blocked.height == 13 * 10 - 1
    assert (
        berlin.one(
            "kriminalitaetsatlas_2015-2024.xlsx", "kriminalitaetsatlas_haeufigkeit"
        ).rows_quarantined
        == 2
    )  # the city of 2023 has no code


# 8 The snapshots of bicycle thefts.

SNAPSHOTS = {
    "stand_2022-02-02_Fahrraddiebstahl.csv.gz": (20_672, 32),
    "stand_2023-01-12_fahrraddiebstahl.csv.gz": (22_833, 45),
    "stand_2023-02-19_Fahrraddiebstahl.csv.gz": (24_610, 48),
    "stand_2023-05-23_Fahrraddiebstahl.csv.gz": (29_791, 55),
    "stand_2023-06-08_Fahrraddiebstahl.csv.gz": (31_028, 59),
    "stand_2023-06-09_Fahrraddiebstahl.csv.gz": (31_103, 59),
    "stand_2024-01-14_Fahrraddiebstahl.csv.gz": (22_127, 50),
    "stand_2024-04-24_Fahrraddiebstahl.csv.gz": (27_211, 59),
    "stand_2025-06-01_Fahrraddiebstahl.csv.gz": (27_701, 46),
    "stand_2025-07-05_Fahrraddiebstahl.csv.gz": (29_887, 51),
    "stand_2026-02-07_Fahrraddiebstahl.csv.gz": (17_979, 27),
    "stand_2026-02-08_Fahrraddiebstahl.csv.gz": (17_996, 27),
}


def _known(berlin: Taken, measure: str, month: date) -> dict[date, float]:
    """What each file says of a month, by the day of the file."""
    found = berlin.measure(measure).filter(pl.col("period_start") == month)
    return dict(found.group_by("as_of").agg(pl.col("value").sum()).sort("as_of").iter_rows())


def test_snapshots_in_two_encodings(berlin: Taken) -> None:
    utf8 = {one.as_of for one in berlin.of("fahrraddiebstahl") if one.layout == "tagesdatei_utf8"}
    assert utf8 == {date(2022, 2, 2), date(2023, 1, 12)}


def test_equal_rows_are_distinct_cases(berlin: Taken) -> None:
    entries = berlin.of("fahrraddiebstahl")
    rows = {one.file_name: one.rows_in for one in entries}
    assert rows == {name: count for name, (count, _) in SNAPSHOTS.items()}
    doubled: dict[date, int] = {}
    for one in entries:
        kept = berlin.observed([one]).filter(
            measure_id="gemeldete_fahrraddiebstaehle", group_id="all"
        )
        assert kept["value"].sum() == one.rows_accepted
        (note,) = (note for note in one.notes if "equal an earlier row" in note)
        doubled[one.as_of] = int(note.split()[0])
    assert [doubled[day] for day in sorted(doubled)] == [
        *(32, 45, 48, 55, 59, 59),
        *(50, 59, 46, 51, 27, 27),
    ]


def test_an_offence_after_the_day_of_the_file_is_set_aside(berlin: Taken) -> None:
    aside = {one.as_of: one.rows_quarantined for one in berlin.of("fahrraddiebstahl")}
    assert {day: count for day, count in aside.items() if count} == {date(2023, 6, 8): 1}


def test_late_reports_of_may_2023(berlin: Taken) -> None:
    known = _known(berlin, "gemeldete_fahrraddiebstaehle", date(2023, 5, 1))
    assert known == {
        date(2023, 5, 23): 1_342,
        date(2023, 6, 8): 2_115,
        date(2023, 6, 9): 2_126,
        date(2024, 1, 14): 2_221,
        date(2024, 4, 24): 2_223,
    }


def test_a_month_that_leaves_the_window_is_no_revision(berlin: Taken) -> None:
    """1,437 reports in the files of 2023; the 1,284 in those of 2024 are never said."""
    january = _known(berlin, "anzeigen_fahrraddiebstahl", date(2023, 1, 1))
    assert {day: count for day, count in january.items() if day.year == 2024} == {}
    assert january[date(2023, 2, 19)] == january[date(2023, 6, 9)] == 1_437
    february = _known(berlin, "anzeigen_fahrraddiebstahl", date(2023, 2, 1))
    assert february == {
        date(2023, 2, 19): 808,
        date(2023, 5, 23): 1_371,
        date(2023, 6, 8): 1_370,
        date(2023, 6, 9): 1_370,
    }


def test_what_left_the_window_is_said_in_words(berlin: Taken) -> None:
    said = changes(berlin.place, "fahrraddiebstahl_anzeigen")
    left = {
        one.as_of: change.words
        for one in berlin.of("fahrraddiebstahl_anzeigen")
        for change in said[one.delivery_id]
        if change.kind == "left_window"
    }
    assert left == {
        day: f"12 months from {first} to {last} left the window of the file: known as before, "
        "not revised"
        for day, first, last in (
            (date(2024, 1, 14), "2022-03-01", "2023-02-01"),
            (date(2025, 6, 1), "2023-03-01", "2024-02-01"),
            (date(2026, 2, 7), "2024-03-01", "2025-02-01"),
        )
    }


# 9 The budgets.

BOOKED = {
    # file: (stamp, budget, booked so far), as its subtotals add up to
    "2013_ba_libg_kamerale_monatsdaten_12_2013.xls.gz": (
        "2013-12-31",
        1_355_849_400,
        1431032123.73,
    ),
    "2014_kamerale_monatsdaten_12_2014.xls.gz": ("2015-02-28", 1_455_466_600, 1481251405.55),
    "2016_kamerale_monatsdaten_dezember_2016.xls.gz": ("2017-02-03", 1_597_231_100, 1656728500.93),
    "2018_kamerale_monatsdaten_09_2018.xls.gz": ("2018-09-30", 1_782_597_800, 1322975927.31),
    "2020_kamerale_monatsdaten_dezember_2020_xlsx.xlsx": (
        "2021-05-20",
        1_674_151_000,
        1788922446.71,
    ),
    "2023_kamerale_monatsdaten_mai_2023_xlsx.xlsx": ("2023-05-31", 1_879_722_500, 920665229.45),
}


@pytest.mark.parametrize(("name", "expected"), BOOKED.items())
def test_subtotals_are_checked_and_not_loaded(
    berlin: Taken, name: str, expected: tuple[str, float, float]
) -> None:
    entry = berlin.one(LEDGER.format(name))
    sums = dict(
        berlin.observed([entry]).group_by("measure_id").agg(pl.col("value").sum()).iter_rows()
    )
    stamp, budget, booked = expected
    assert entry.as_of == date.fromisoformat(stamp)
    assert sums["haushalt_ansatz"] == pytest.approx(budget)
    assert sums["haushalt_ist"] == pytest.approx(booked)


def test_numbers_of_two_forms_in_one_row(berlin: Taken) -> None:
    totals = {
        one.as_of: berlin.observed([one]).filter(measure_id="haushalt_ansatz")["value"].sum()
        for one in berlin.of("haushalt_ist")
        if one.layout == "csv_marzahn_hellersdorf_2015"
    }
    assert totals == {date(2015, 10, 31): 1_144_983_000, date(2015, 11, 30): 1_144_985_600}


def test_months_that_are_missing(berlin: Taken) -> None:
    known = [one.as_of for one in berlin.of("haushalt_ist") if "marzahn" in one.file_name]
    assert known == [date(2015, 9, 30), date(2015, 10, 31), date(2015, 11, 30), date(2016, 1, 31)]


def test_a_file_of_an_old_terminal_that_lost_its_umlauts(berlin: Taken) -> None:
    (entry,) = (
        one for one in berlin.of("haushalt_ist") if one.layout == "csv_marzahn_hellersdorf_2016"
    )
    assert (entry.as_of, entry.rows_in, entry.rows_quarantined) == (date(2016, 1, 31), 2_929, 0)


def test_the_plan_in_thousands_that_are_euros(berlin: Taken) -> None:
    plan = berlin.measure("haushaltsplan_ansatz", "haushaltskapitel=3100|haushaltstitel=41201")
    value = _at(plan.filter(pl.col("file_name").str.contains("2014_2015")), "11", date(2014, 1, 1))
    booked = berlin.measure(
        "haushalt_ansatz", "haushaltskapitel=3100|haushaltstitel=41201|unterkonto=000"
    )
    assert value == _at(booked, "11", date(2014, 1, 1)) == 19_800


@pytest.mark.parametrize(
    ("source", "part"),
    [
        ("haushalt_ist", "lichtenberg_2018"),
        ("haushalt_plan", "lichtenberg_von_berlin_f_r_2016_2017"),
    ],
)
def test_workbooks_with_the_wrong_ending_are_read_and_said(
    berlin: Taken, source: str, part: str
) -> None:
    said = {
        one.file_name: one.notes[0]
        for one in berlin.of(source)
        if any(".xlsx) inside" in note for note in one.notes)
    }
    ((name, note),) = said.items()
    assert part in name
    assert note.startswith("is an Excel workbook (.xlsx) inside, although the contract says")


def test_both_stamps_of_every_budget_file_are_skipped(berlin: Taken) -> None:
    for one in berlin.of("haushalt_ist"):
        assert any(
            note.startswith("2 row(s) skipped by contract (Stempelzeile") for note in one.notes
        )
        assert any("subtotal row(s) compared" in note for note in one.notes)
        assert not any("the subtotal of" in note for note in one.notes)


# 10 Migration background and the lock-down.


def test_series_with_a_break_say_so(berlin: Taken) -> None:
    """Said to be counted otherwise since 2016/17, seen in 2018: no change goes across either."""
    source = berlin.declarations.sources["einwohner_halbjahr"]
    breaks = {
        one.id: [turn.since.year for turn in one.breaks]
        for one in source.measures
        if "mig" in one.id or "herkunft" in one.id
    }
    assert breaks == {
        "einwohner_migrationshintergrund": [2017, 2018],
        "einwohner_herkunft": [2017, 2018, 2020],
    }
    totals = berlin.measure("einwohner_migrationshintergrund")
    assert _total(totals, date(2016, 12, 31)) == 1_151_732
    assert _total(totals, date(2017, 6, 30)) == 1_172_191


def test_the_lock_down_is_visible(berlin: Taken) -> None:
    accidents = berlin.measure("unfaelle_mit_verletzten")
    assert [_total(accidents, date(year, 4, 1)) for year in (2018, 2019, 2020)] == [
        1_217,
        1_104,
        745,
    ]


# 11 The day-care centres.


def test_day_care_centres_in_four_layouts(berlin: Taken) -> None:
    entries = berlin.of("kita_einrichtungen")
    assert len(entries) == 22
    assert all(one.rows_quarantined == 0 for one in entries)
    places = berlin.measure("kita_plaetze")
    by_month = dict(places.group_by("period_start").agg(pl.col("value").sum()).iter_rows())
    assert by_month[date(2023, 10, 1)] == 197_806
    assert by_month[date(2023, 12, 1)] == 198_558  # area codes without their leading zero
    assert by_month[date(2024, 10, 1)] == 199_276
    assert by_month[date(2025, 6, 1)] == 197_907
    assert by_month[date(2026, 7, 1)] == 199_851
    for month in (date(2025, 10, 1), date(2026, 1, 1), date(2026, 7, 1)):
        table = berlin.measure("kita_plaetze_tabelle").filter(pl.col("period_start") == month)
        counted = places.filter(pl.col("period_start") == month)
        both = table.join(counted, on="area_id")
        assert both.height == 542
        assert (both["value"] == both["value_right"]).all()


def test_phone_numbers_of_centres_never_reach_the_lake(berlin: Taken) -> None:
    for one in berlin.of("kita_einrichtungen"):
        for column in berlin.observed([one]).select(pl.selectors.string()).get_columns():
            assert not column.str.contains(r"\+49").any()


# 12 The accidents.


def test_accidents_in_three_forms(berlin: Taken) -> None:
    counts = berlin.measure("unfaelle_mit_verletzten")
    by_year = counts.group_by(pl.col("period_start").dt.year()).agg(pl.col("value").sum())
    assert sorted(by_year.rows()) == [(2018, 13_652), (2019, 13_390), (2020, 11_810)]
    assert set(counts["area_version"]) == {"2006"}
    nowhere = counts.filter(pl.col("area_id").str.ends_with(":nz"))
    by_year = nowhere.group_by(pl.col("period_start").dt.year()).agg(pl.col("value").sum())
    assert {year: count for year, count in by_year.iter_rows() if count} == {2018: 3, 2020: 1}


# Not in the list of traps that came with the data.


def test_a_table_of_2021_with_old_areas(berlin: Taken) -> None:
    found = berlin.measure("mss_k14_wohnraeume_je_einwohner").filter(
        pl.col("period_start") == date(2020, 12, 31)
    )
    name = MONITORING.format("2021-00-4-1-1-planning-areas.csv")
    assert _areas(found.filter(file_name=name), date(2020, 12, 31)) == ("2006", 447)


@pytest.mark.parametrize(
    ("name", "rows", "debris"),
    [
        ("2015-00-4-1-planning-areas.csv", 449, 2),
        ("2019-00-4-2-district-regions.csv", 138, 2),
        ("2019-00-4-3-districts.csv", 12, 3),
        ("2015-00-3-districts.csv", 447, 1),
        ("2019-00-3-districts.csv", 447, 1),
    ],
)
def test_header_debris_is_no_data(berlin: Taken, name: str, rows: int, debris: int) -> None:
    entry = berlin.one(MONITORING.format(name))
    assert (entry.rows_in, entry.rows_quarantined) == (rows, 0)
    assert berlin.observed([entry])["area_id"].n_unique() == rows - debris
    assert any("Rest der Kopfzeile" in note for note in entry.notes)


def test_names_that_fit_no_longer_are_put_right(berlin: Taken) -> None:
    """K16 and K17 pushed the names aside; what one table says, the other has to say too."""
    day = date(2020, 12, 31)
    for measure in ("mss_k01_jugendarbeitslosigkeit", "mss_k05_einwohner_mh"):
        ours, hand = berlin.measure(measure), berlin.measure(f"{measure}_hand")
        both = ours.filter(pl.col("period_start") == day).join(hand, on=["area_version", "area_id"])
        assert both.filter((pl.col("value") - pl.col("value_right")).abs() > 0.00501).is_empty()
    foreigners = berlin.measure("mss_k16_auslaender")
    assert _at(foreigners, "01", date(2014, 12, 31)) == 30.03287
    assert _at(foreigners, "01", date(2020, 12, 31)) == 34.13267


def test_the_index_stands_under_the_wrong_name(berlin: Taken) -> None:
    day = date(2020, 12, 31)
    ours = berlin.measure("mss_status_index").filter(pl.col("period_start") == day)
    both = ours.join(berlin.measure("mss_status_index_hand"), on="area_id")
    assert both.height == 542
    both = both.drop_nulls("value")
    assert both.height == 536
    assert ((both["value"] - both["value_right"]).abs() < 0.00501).all()


def test_a_file_of_2017_that_is_the_one_of_2019(berlin: Taken) -> None:
    entry = berlin.one(MONITORING.format("2017-00-2-2-district-regions.csv"))
    found = berlin.observed([entry])
    assert set(found["period_start"]) == {date(2018, 12, 31)}
    assert found.filter(measure_id="mss_einwohner_bzr")["value"].sum() == 3_748_148


def test_rooms_that_are_called_dwellings_are_not_read(berlin: Taken) -> None:
    groups = set(berlin.measure("wohnungen_aelter", None)["group_id"])
    assert groups == {"all", *(f"zimmer={count}" for count in range(1, 7))}


def _copied(berlin: Taken, source: str) -> list[str]:
    """What is said of files that are byte for byte an earlier one."""
    found = changes(berlin.place, source)
    return [
        f"{one.file_name}: {change.words}"
        for one in berlin.of(source)
        for change in found[one.delivery_id]
        if change.kind == "same_bytes"
    ]


def test_a_copy_under_another_month_is_no_update(berlin: Taken) -> None:
    name = "kita_details_{}.csv"
    copies = {
        "2024-01": ["2024-02"],
        "2024-05": ["2024-06", "2024-07", "2024-08", "2024-09", "2024-10"],
        "2025-06": ["2025-07", "2025-08"],
        "2026-01": ["2026-06", "2026-07"],
    }
    layouts = {"2024": "_format2", "2025": "_format3", "2026": "_format4"}
    assert _copied(berlin, "kita_einrichtungen") == [
        f"{name.format(month + layouts[month[:4]])}: no update: byte for byte "
        f"{name.format(first + layouts[first[:4]])} (as of {first}-01) under another name"
        for first, months in copies.items()
        for month in months
    ]
    assert len(_copied(berlin, "kita_plaetze_tabelle")) == 1
    (said,) = _copied(berlin, "sozialmonitoring")
    assert said.startswith(MONITORING.format("2019-00-2-2-district-regions.csv"))


def test_every_layout_takes_a_file(berlin: Taken) -> None:
    used = {(one.source_id, one.layout) for one in berlin.deliveries}
    declared = {
        (source.id, layout.name)
        for source in berlin.declarations.sources.values()
        for layout in source.layouts
    }
    assert used == declared
    assert berlin.copies == []
