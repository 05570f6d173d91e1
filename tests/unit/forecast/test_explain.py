"""`wirkraum forecast explain`: what a look ahead stands on, in words and as a picture."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from forecasting import outlook as looking
from forecasting import pools
from forecasting.growing import completed
from orchestration.cli import app
from orchestration.forecast.chart import svg
from orchestration.forecast.series import LookAhead, read
from orchestration.forecast.tell import manner_of, told
from orchestration.forecast.words import SAY, label, number, periods
from orchestration.place import Place

KNOWN = date(2025, 1, 15)
AREAS = [("0", "Neustadt", "stadt", None)] + [
    (f"0{number}", f"Viertel {number}", "viertel", "0") for number in range(1, 9)
]
SPEC = {
    "indicator_id": "faelle",
    "grain": "month",
    "levels": ["viertel"],
    "horizon": 6,
    "kind": "count",
}
Change = Callable[[pl.DataFrame], pl.DataFrame]
began = pl.col("period_start")
FIRST_AREA = pl.col("area_id") == "01"


def months(count: int) -> list[date]:
    return [date(2020 + place // 12, place % 12 + 1, 1) for place in range(count)]


def values() -> pl.DataFrame:
    """Eight districts over five years: noise about a season, in one a falling trend."""
    rng = np.random.default_rng(6)
    season = 40 * np.sin(np.arange(60) / 12 * 2 * np.pi)
    frames = []
    for place, (area, _, level, _) in enumerate(AREAS):
        counts = np.round(400 + season - place * np.arange(60) / 2 + rng.normal(0, 25, 60))
        frames.append(
            pl.DataFrame({"period_start": months(60), "value": counts}).with_columns(
                indicator_id=pl.lit("faelle"),
                area_system=pl.lit("raum"),
                area_version=pl.lit("2020"),
                area_id=pl.lit(area),
                group_id=pl.lit("all"),
                grain=pl.lit("month"),
                level=pl.lit(level),
                numerator=pl.col("value"),
                unit=pl.lit("Fälle"),
                status=pl.lit("observed"),
                as_of=pl.lit(KNOWN),
            )
        )
    return pl.concat(frames)


INDICATOR = {
    "indicator_id": "faelle",
    "name_de": "Fälle",
    "name_en": "Cases",
    "kind": "count",
    "unit": "Fälle",
    "caveats_de": "Gezählt wird, was gemeldet ist.",
    "caveats_en": "Counted is what was reported.",
    "was": "vorfaelle",
    "retired_on": None,
}
NO_BREAK = pl.DataFrame(
    schema={"indicator_id": pl.String, "since": pl.Date, "what_de": pl.String, "what_en": pl.String}
)


def publish(
    folder: Path,
    *,
    change: Change = lambda frame: frame,
    after: Change = lambda frame: frame,
    forecast: Change = lambda frame: frame,
    backtest: Change = lambda frame: frame,
    breaks: pl.DataFrame = NO_BREAK,
) -> Place:
    """A published warehouse with what the command reads.

    `change` is done to values before, `after` once the look ahead is made; `forecast` and
    `backtest` change those.
    """
    known = change(values())
    found = looking.outlook(known, pl.DataFrame([SPEC]), run_id="r")
    shown = after(known)
    period = shown.select("period_start", "grain").unique()
    tables = {
        "indicator": pl.DataFrame([INDICATOR], schema_overrides={"retired_on": pl.Date}),
        "area": pl.DataFrame(
            [(*area, "raum", "2020", False, 0) for area in AREAS],
            schema=(
                *("area_id", "name", "level", "parent_id", "area_system", "area_version"),
                *("is_unassigned", "level_rank"),
            ),
            orient="row",
        ),
        "period": period.with_columns(period_end=began.dt.month_end()),
        "indicator_value": shown.drop("level"),
        "forecast": forecast(found.forecast),
        "forecast_backtest": backtest(found.backtest),
        "indicator_break": breaks,
        "programme": pl.DataFrame(
            {"programme_id": ["p"], "name_de": ["Nachtbus"], "name_en": ["Night bus"]}
        ),
        "programme_indicator": pl.DataFrame({"programme_id": ["p"], "indicator_id": ["faelle"]}),
    }
    place = Place(folder)
    place.published.mkdir(parents=True)
    with duckdb.connect(str(place.published_warehouse)) as connection:
        connection.execute("create schema marts")
        for name, frame in tables.items():
            connection.register("frame", frame)
            connection.execute(f"create table marts.{name} as from frame")
    return place


def look(place: Place, area: str | None = "01", group: str = "all") -> LookAhead:
    return read(place, "faelle", area, group, None)


def said(place: Place, area: str = "01", language: str = "de") -> str:
    found = look(place, area)
    return told(found, manner_of(found, language))


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Nothing special about it."""
    return publish(tmp_path_factory.mktemp("town"))


def test_the_sections_say_what_is_published(town: Place) -> None:
    text = said(town)
    assert text.startswith("Fälle (faelle)\nAusblick für Viertel 1 (01, Gebietsstand 2020), Monate")
    assert "60 Monate, Januar 2020 bis Dezember 2024; 60 davon mit verwendbarem Wert." in text
    ranges = look(town).ranges.row(0, named=True)
    low, high = (number(ranges[name], 0, "de") for name in ("0.1", "0.9"))
    row = next(line for line in text.splitlines() if line.startswith("  Januar 2025  "))
    middle = number(ranges["0.5"], 0, "de")
    assert row.split()[2:6] == [middle, low, "–", high]
    assert "Vorhaben, die hier wirken sollen (Nachtbus)" in text
    assert "Zu beachten: Gezählt wird, was gemeldet ist." in text
    assert "alle 8 Reihen der Ebene viertel zusammen" in text
    assert "Ein Wert für Januar 2025 unter" in text


def test_weights_add_up_and_medians_are_those_published(town: Place) -> None:
    found = look(town)
    assert found.made_of is not None
    assert sum(found.made_of.shares.values()) == pytest.approx(1.0)
    assert (found.made_of.medians == found.medians).all()
    assert not found.is_adjusted
    assert " 50 %  Glättung: Jüngeres zählt mehr als Älteres" in said(town)


def test_how_wrong_it_was_comes_from_the_backtest(town: Place) -> None:
    rows = look(town).backtest.filter(model="ensemble").sort("ahead")
    first = rows.row(0, named=True)
    table = next(line for line in said(town).splitlines() if line.strip().startswith("1 Monat "))
    cells = table.split("   ")
    assert number(first["forecasts"], 0, "de") in table
    assert f"{number(first['coverage_80'], 0, 'de')} %" in table
    assert cells[0].strip() == "1 Monat"


def test_what_ranges_learned_is_what_was_done_to_them(
    town: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, text = look(town), said(town)
    assert found.made_of is not None
    learned = found.made_of.factors
    assert learned.shape == (6, 2)
    monkeypatch.setattr(pools, "factors", lambda *_: np.ones((6, 2)))
    known = values()
    plain = looking.outlook(known, pl.DataFrame([SPEC]), run_id="r").forecast
    wide = plain.filter(FIRST_AREA).pivot("quantile", index="period_start", values="value")

    def half(ranges: pl.DataFrame) -> list[float]:
        return (ranges["0.9"] - ranges["0.5"]).to_list()

    stretched = half(found.ranges)
    assert stretched == pytest.approx((np.array(half(wide)) * learned[:, 1]).tolist())
    low, high = (number(one, 2, "de") for one in (learned[:, 1].min(), learned[:, 1].max()))
    assert f"„8 von 10“ auf das {low} – {high}-fache" in text


def test_an_adjusted_look_ahead_is_not_passed_off_as_the_models_own(tmp_path: Path) -> None:
    place = publish(tmp_path, forecast=lambda frame: frame.with_columns(pl.col("value") + 7))
    found = look(place)
    assert found.is_adjusted
    text = said(place)
    assert "damit beide dasselbe sagen: für sich allein käme die Reihe" in text


def test_what_is_said_of_some_periods_names_them(tmp_path: Path) -> None:
    def noted(frame: pl.DataFrame) -> pl.DataFrame:
        late = pl.when(began >= date(2025, 5, 1)).then(pl.lit("Eher ein Szenario."))
        return frame.with_columns(reason=late)

    text = said(publish(tmp_path, forecast=noted))
    assert "Hinweis (Mai 2025 bis Juni 2025): Eher ein Szenario." in text


def test_the_seasonal_naive_is_named_and_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "naive_wins", lambda *_: True)
    text = said(publish(tmp_path))
    assert "Veröffentlicht ist das letzte Jahr, wiederholt, kein Modell" in text
    assert "Glättung" not in text


def test_few_cases_are_told_from_many(tmp_path: Path) -> None:
    def few(frame: pl.DataFrame) -> pl.DataFrame:
        cases = np.random.default_rng(1).poisson(1, frame.height).astype(float)
        return frame.with_columns(value=pl.Series(cases), numerator=pl.Series(cases))

    place = publish(tmp_path, change=few)
    text = said(place)
    assert "Kleine Zahlen: ein Modell für die Fälle aller Gebiete der Ebene viertel" in text
    assert "Glättung" not in text
    assert "(WIS): das Modell 0," in text
    assert "im Mittel daneben" not in text
    assert "Ein Wert für Januar 2025 über" in text


def test_what_was_left_out_or_is_not_final_is_counted(tmp_path: Path) -> None:
    def changed(frame: pl.DataFrame) -> pl.DataFrame:
        status = (
            pl.when(~FIRST_AREA)
            .then("status")
            .when(began.is_between(date(2021, 3, 1), date(2021, 4, 1)))
            .then(pl.lit("missing"))
            .when(began >= date(2024, 11, 1))
            .then(pl.lit("provisional"))
            .when(began < date(2020, 7, 1))
            .then(pl.lit("estimated"))
            .otherwise("status")
        )
        absent = FIRST_AREA & (began == date(2022, 8, 1))
        value = pl.when(status != "missing").then("value")
        return frame.filter(~absent).with_columns(status=status, value=value)

    text = said(publish(tmp_path, change=changed))
    assert "60 Monate, Januar 2020 bis Dezember 2024; 57 davon mit verwendbarem Wert." in text
    assert "Nicht verwendet, fehlt: 2 (März 2021 bis April 2021)" in text
    assert "Ohne jede Angabe dazwischen: 1 Monat" in text
    assert "Mit verwendet, vorläufig: 2 (November 2024 bis Dezember 2024)" in text
    assert "Mit verwendet, geschätzt: 6 (Januar 2020 bis Juni 2020)" in text
    assert "die Spannen sind deshalb 1,03-mal so breit" in text
    assert "Vorläufige Werte (November 2024 bis Dezember 2024)" in text


def test_a_refusal_gives_the_reason_and_what_there_is_instead(tmp_path: Path) -> None:
    late = FIRST_AREA & (began < date(2023, 6, 1))
    place = publish(tmp_path, change=lambda frame: frame.filter(~late))
    text = said(place)
    assert "Kein Ausblick: Zu kurz: 19 Monatswerte liegen vor" in text
    assert "Einen Ausblick dieser Kennzahl gibt es auf den Ebenen: viertel" in text
    assert "- Mehr vergleichbare Monate." in text
    assert "Was vorliegt:\n  19 Monate, Juni 2023 bis Dezember 2024" in text
    found = look(place)
    assert "Kein Ausblick: Zu kurz" in svg(found, manner_of(found, "de"))


def test_withheld_values_give_no_weights(tmp_path: Path) -> None:
    def withheld(frame: pl.DataFrame) -> pl.DataFrame:
        hit = FIRST_AREA & (began == date(2022, 3, 1))
        status = pl.when(hit).then(pl.lit("suppressed")).otherwise("status")
        return frame.with_columns(status=status, value=pl.when(~hit).then("value"))

    def silent(frame: pl.DataFrame) -> pl.DataFrame:
        figures = ("smape", "mase", "wis", "coverage_80", "coverage_95")
        nothing = pl.lit(None, dtype=pl.Float64)
        return frame.with_columns(
            *(nothing.alias(name) for name in figures), reason=pl.lit("Zum Schutz nicht gezeigt.")
        )

    place = publish(tmp_path, after=withheld, backtest=silent)
    text = said(place)
    assert look(place).made_of is None
    assert "Die Gewichte hängen an Werten, die geschützt sind" in text
    assert "Zum Schutz nicht gezeigt." in text
    assert "Nicht verwendet, geschützt: 1 (März 2022)" in text


def test_nowcasts_stand_beside_what_is_known(tmp_path: Path) -> None:
    def also_nowcast(frame: pl.DataFrame) -> pl.DataFrame:
        one = frame.filter(FIRST_AREA, began == began.min()).with_columns(
            model=pl.lit("nowcast"),
            period_start=pl.lit(date(2024, 12, 1)),
            value=pl.Series([410.0, 420.0, 430.0, 440.0, 450.0]),
        )
        refused = one.head(1).with_columns(
            period_start=pl.lit(date(2024, 11, 1)),
            quantile=pl.lit(None, dtype=pl.Float64),
            value=pl.lit(None, dtype=pl.Float64),
            reason=pl.lit("Zu kurz."),
        )
        return pl.concat([frame, one, refused])

    place = publish(tmp_path, forecast=also_nowcast)
    known = number(look(place).history["value"][-1], 0, "de")
    text = said(place)
    row = next(line for line in text.splitlines() if line.strip().startswith("Dezember 2024  "))
    assert row.split() == [*f"Dezember 2024 {known} 430 420 – 440 410 – 450".split()]
    assert "November 2024: keine Hochrechnung. Zu kurz." in text


def test_the_look_ahead_starts_from_nowcasts_and_says_so(tmp_path: Path) -> None:
    """Half of the last two months is reported late; the weights are of what was started from."""
    last = began >= date(2024, 11, 1)
    key = ["indicator_id", "area_system", "area_version", "area_id", "period_start", "grain"]
    rows = pl.concat(
        values()
        .filter(last)
        .select(
            *key, "group_id", "as_of", value=pl.col("value") * factor, quantile=pl.lit(quantile)
        )
        for quantile, factor in ((0.025, 0.7), (0.1, 0.8), (0.5, 1.0), (0.9, 1.2), (0.975, 1.3))
    ).with_columns(model=pl.lit("nowcast"), scenario_id=pl.lit("trend"), run_id=pl.lit("r"))
    halved = pl.when(last).then(pl.col("value") / 2).otherwise("value")
    numerator = pl.when(last).then(pl.col("value") / 2).otherwise("numerator")
    place = publish(
        tmp_path,
        change=lambda frame: completed(frame, rows),
        after=lambda frame: frame.with_columns(value=halved, numerator=numerator).drop(
            "nowcast_low", "nowcast_high"
        ),
        forecast=lambda frame: pl.concat([frame, rows], how="diagonal"),
    )
    found = look(place)
    assert found.made_of is not None
    assert (found.made_of.medians == found.medians).all()
    assert "bekannt: 2 (November 2024 bis Dezember 2024); von deren Mitte" in said(place)


def test_both_languages_say_the_same_things(town: Place) -> None:
    assert SAY["de"].keys() == SAY["en"].keys()
    english = said(town, language="en")
    assert english.count("\n\n") == said(town).count("\n\n")
    assert "Look ahead for Viertel 1 (01, boundaries 2020), months\n" in english
    assert "Ausblick" not in english


@pytest.mark.parametrize(
    ("indicator", "area", "group", "message"),
    [
        ("faele", "01", "all", "there is no indicator 'faele'; near: faelle"),
        ("fale", "01", "all", "near: faelle"),
        ("xyz", "01", "all", "there is no indicator 'xyz'; there are: faelle"),
        ("faelle", "Viertl 1", "all", "there is no area 'Viertl 1'; near: 01 (Viertel 1)"),
        ("faelle", "0", "all", "faelle looks ahead at the levels viertel; 0 (Neustadt) is of"),
        ("faelle", "01", "x=y", "there are: --grain month --group all"),
    ],
)
def test_what_is_not_there_is_answered_with_what_is_near(
    town: Place, indicator: str, area: str, group: str, message: str
) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        read(town, indicator, area, group, None)
    assert message in str(caught.value)


def test_before_a_run_it_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nothing is published in .* yet: wirkraum run"):
        read(Place(tmp_path), "faelle", None, "all", None)


def test_a_former_id_and_a_name_lead_to_the_same_series(town: Place) -> None:
    assert read(town, "vorfaelle", "Viertel 1", "all", "month").area["area_id"] == "01"


def test_the_picture_is_whole_and_the_same_each_time(tmp_path: Path) -> None:
    breaks = pl.DataFrame(
        {
            "indicator_id": ["faelle"],
            "since": [date(2022, 1, 1)],
            "what_de": ["online"],
            "what_en": ["online"],
        }
    )
    hit = FIRST_AREA & (began == date(2021, 3, 1))
    place = publish(
        tmp_path,
        breaks=breaks,
        change=lambda frame: frame.with_columns(
            status=pl.when(hit).then(pl.lit("missing")).otherwise("status"),
            value=pl.when(~hit).then("value"),
        ),
    )
    found = look(place)
    picture = svg(found, manner_of(found, "de"))
    assert picture == svg(look(place), manner_of(found, "de"))
    root = ElementTree.fromstring(picture)
    tags = [one.tag.rpartition("}")[2] for one in root.iter()]
    assert tags.count("polygon") == 2
    # Two runs of values around the gap, and the middle of what lies ahead.
    assert tags.count("polyline") == 3
    assert "anders gezählt ab 01.01.2022" in picture
    assert "ohne Wert" in picture


def test_the_command_writes_the_picture_where_it_is_told_to(town: Place, tmp_path: Path) -> None:
    file = tmp_path / "bild.svg"
    asked = ["forecast", "explain", "faelle", "01", "-m", str(town.folder), "--chart"]
    done = CliRunner().invoke(app, [*asked, str(file)])
    assert done.exit_code == 0, done.output
    assert f"Bild: {file}" in done.output.replace("\n", "")
    assert file.read_text(encoding="utf-8").startswith("<svg")
    wrong = CliRunner().invoke(app, [*asked, str(tmp_path / "bild.png")])
    assert wrong.exit_code == 2


def test_periods_and_numbers_read_as_people_write_them() -> None:
    assert label(date(2024, 7, 1), "half_year", "de") == "2. Halbjahr 2024"
    assert label(date(2024, 4, 1), "quarter", "en") == "Q2 2024"
    assert label(date(2024, 12, 31), "year", "de", dated=True) == "31.12.2024"
    years = [date(year, 1, 1) for year in (2010, 2011, 2013, 2015, 2017, 2019, 2021)]
    assert periods(years, "year", "de") == "2010 bis 2011, 2013, 2015, 2017 und 2 weitere"
    assert number(-0.4, 0, "de") == "0"
    assert number(1234.5, 1, "de") == "1.234,5"
