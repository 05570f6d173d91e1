import csv
import json
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest

from exports.tables import (
    Origin,
    compose,
    origin_sources,
    select,
    write_csv,
    write_database,
    write_parquet,
)
from exports.vocabulary import COLUMN_WORDS, TABLE_WORDS
from tests.unit.exports import frames

PUBLIC_IDS = ("anteil", "faelle", "median", "offen", "stadtweit")


@pytest.fixture
def composed() -> dict[str, pl.DataFrame]:
    chosen, _ = select(frames.marts(), None, None, licensed_only=True)
    return compose(chosen)


@pytest.fixture
def origin(composed: dict[str, pl.DataFrame]) -> Origin:
    return Origin("public-x", "Titel", "title", "2024-03-31", origin_sources(composed["source"]))


def test_what_a_source_does_not_license_is_left_out_and_named() -> None:
    chosen, left_out = select(frames.marts(), None, None, licensed_only=True)
    assert [(left.indicator_id, left.rows) for left in left_out] == [("alt", 1)]
    assert "alt" not in chosen["indicator_value"]["indicator_id"]
    assert chosen["source"]["source_id"].to_list() == ["asd", "melde"]
    kept, nothing = select(frames.marts(), None, None, licensed_only=False)
    assert nothing == ()
    assert "alt" in kept["indicator_value"]["indicator_id"]


def test_a_licence_of_the_denominator_does_not_cover_the_numerator() -> None:
    marts = frames.marts()
    link = pl.DataFrame({"indicator_id": "alt", "source_id": "asd", "department_id": "jugend"})
    marts["indicator_source"] = marts["indicator_source"].vstack(link)
    _, left_out = select(marts, None, None, licensed_only=True)
    assert [left.indicator_id for left in left_out] == ["alt"]


def test_indicators_and_levels_cut_the_release_and_its_dimensions() -> None:
    chosen, _ = select(frames.marts(), ["faelle", "stadtweit"], ["stadt"], licensed_only=True)
    assert chosen["indicator_value"]["indicator_id"].to_list() == ["stadtweit"]
    assert chosen["area"]["name"].to_list() == ["Stadt"]
    assert chosen["mark"].height == chosen["forecast"].height == 0
    assert chosen["department"]["department_id"].to_list() == ["jugend"]
    everywhere, _ = select(frames.marts(), None, None, licensed_only=False)
    assert "Unbenutzt" not in everywhere["area"]["name"]


def test_unknown_wishes_and_empty_releases_are_refused() -> None:
    marts = frames.marts()
    with pytest.raises(ValueError, match="indicator falle; known are: alt"):
        select(marts, ["falle"], None, licensed_only=False)
    with pytest.raises(ValueError, match="area level kiez; known are: bezirk, stadt"):
        select(marts, None, ["kiez"], licensed_only=False)
    with pytest.raises(ValueError, match=r"nothing to release.*a source states no licence: alt"):
        select(marts, ["alt"], None, licensed_only=True)
    del marts["mark"]
    with pytest.raises(ValueError, match="needs these marts too: mark"):
        select(marts, None, None, licensed_only=False)


def test_every_row_carries_names_status_marks_and_licence(
    composed: dict[str, pl.DataFrame],
) -> None:
    values = composed["indicator_value"]
    assert values.height == 10
    row = values.filter(indicator_id="faelle", area_id="01", status="observed").row(1, named=True)
    assert row["area"] == "Nord"
    assert row["period_de"] == "2023"
    assert row["group_de"] == "alle"
    assert row["status_de"] == "beobachtet"
    assert row["marks"] == "M01 hoch; M09 hinweis"
    assert row["mark_count"] == 2
    assert row["highest_severity"] == "hoch"
    assert row["marks_de"] == "Der Wert fiel von 77031 auf wenige."
    assert row["licence"] == "asd: dl-de/by-2-0"
    plain = values.filter(indicator_id="anteil", area_id="01").row(0, named=True)
    assert (plain["marks"], plain["mark_count"], plain["highest_severity"]) == ("", 0, "")
    assert plain["licence"] == "asd: dl-de/by-2-0; melde: CC BY 4.0"
    ahead = composed["forecast"]
    assert ahead.height == 4
    assert ahead["period_de"].unique().to_list() == ["2024"]
    assert ahead["unit"].null_count() == 0
    for column in ("status_de", "marks", "licence"):
        assert ahead[column].null_count() == values[column].null_count() == 0


def test_tables_are_sorted_whatever_order_they_came_in(
    composed: dict[str, pl.DataFrame],
) -> None:
    turned = {name: frame.reverse() for name, frame in frames.marts().items()}
    chosen, _ = select(turned, None, None, licensed_only=True)
    for name, frame in compose(chosen).items():
        assert frame.equals(composed[name]), name


def test_every_column_is_described_and_an_undescribed_one_stays_inside(
    composed: dict[str, pl.DataFrame],
) -> None:
    assert set(composed) == set(TABLE_WORDS)
    marts = frames.marts()
    marts["indicator_value"] = marts["indicator_value"].with_columns(raw_numerator=pl.lit(3))
    again = compose(select(marts, None, None, licensed_only=True)[0])
    for name, frame in again.items():
        assert set(frame.columns) <= set(COLUMN_WORDS)
        assert frame.equals(composed[name])


def test_rows_without_name_or_with_a_shared_key_are_refused() -> None:
    marts = frames.marts()
    marts["area"] = marts["area"].filter(pl.col("area_id") != "02")
    with pytest.raises(ValueError, match="no name for area_system, area_version, area_id"):
        compose(select(marts, None, None, licensed_only=False)[0])
    marts = frames.marts()
    marts["indicator_value"] = pl.concat([marts["indicator_value"]] * 2)
    with pytest.raises(ValueError, match="indicator_value has 22 rows that share a key"):
        compose(select(marts, None, None, licensed_only=False)[0])


def test_parquet_is_the_same_to_the_byte_and_names_source_and_licence(
    composed: dict[str, pl.DataFrame], origin: Origin, tmp_path: Path
) -> None:
    for name, frame in composed.items():
        for folder in ("a", "b"):
            (tmp_path / folder).mkdir(exist_ok=True)
            write_parquet(name, frame, tmp_path / folder / f"{name}.parquet", origin)
        first = tmp_path / "a" / f"{name}.parquet"
        assert first.read_bytes() == (tmp_path / "b" / f"{name}.parquet").read_bytes()
        assert pl.read_parquet(first).equals(frame)
        metadata = pl.read_parquet_metadata(first)
        assert metadata["source"] == "Amt für asd; Amt für melde"
        assert metadata["licence"] == "asd: dl-de/by-2-0; melde: CC BY 4.0"


def test_csv_opens_in_a_german_office(origin: Origin, tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "indicator_id": ["a", "b", "c", "d", "e", "f"],
            "name_de": ["=1+1", "+49", "-", "@SUM(A1)", "\tx", 'sagt "ja"; nein'],
            "value": [1234.5, -3.25, None, 0.0, 1e-7, 12345678.9],
            "mark_count": [1, 2, 3, 4, 5, 6],
        }
    )
    path = tmp_path / "indicator_value.csv"
    write_csv("indicator_value", frame, path, origin)
    raw = path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbfindicator_id;name_de;value;mark_count\r\n")
    with path.open(encoding="utf-8-sig", newline="") as handle:
        read = list(csv.DictReader(handle, delimiter=";"))
    assert [row["name_de"] for row in read] == [
        "'=1+1",
        "'+49",
        "'-",
        "'@SUM(A1)",
        "'\tx",
        'sagt "ja"; nein',
    ]
    assert [row["value"] for row in read][:4] == ["1234,5", "-3,25", "", "0,0"]
    assert float(read[4]["value"].replace(",", ".")) == 1e-7
    assert read[5]["value"] == "12345678,9"


def test_each_csv_has_a_csvw_description(
    composed: dict[str, pl.DataFrame], origin: Origin, tmp_path: Path
) -> None:
    for name, frame in composed.items():
        path = tmp_path / f"{name}.csv"
        write_csv(name, frame, path, origin)
        about = json.loads((tmp_path / f"{name}.csv-metadata.json").read_text(encoding="utf-8"))
        assert about["url"] == path.name
        header = path.read_text(encoding="utf-8-sig").splitlines()[0].split(";")
        assert [column["name"] for column in about["tableSchema"]["columns"]] == header
        assert set(about["tableSchema"]["primaryKey"]) <= set(header)
        assert [entry["dc:license"] for entry in about["dc:source"]] == [
            "dl-de/by-2-0",
            "CC BY 4.0",
        ]
        assert frame.columns == header
    value = next(
        column
        for column in json.loads(
            (tmp_path / "indicator_value.csv-metadata.json").read_text(encoding="utf-8")
        )["tableSchema"]["columns"]
        if column["name"] == "value"
    )
    assert value["datatype"] == {"base": "double", "format": {"decimalChar": ","}}


def test_the_database_holds_the_same_tables_and_names_its_sources(
    composed: dict[str, pl.DataFrame], origin: Origin, tmp_path: Path
) -> None:
    path = tmp_path / "wirkraum.duckdb"
    write_database(composed, path, origin)
    with duckdb.connect(str(path), read_only=True) as connection:
        for name, frame in composed.items():
            assert connection.sql(f'SELECT * FROM "{name}"').pl().equals(frame)
        comments = connection.sql("SELECT DISTINCT comment FROM duckdb_tables()").fetchall()
    assert len(comments) == 1
    assert "asd: dl-de/by-2-0" in comments[0][0]
    assert not path.with_name("wirkraum.duckdb.wal").exists()


def test_a_mark_that_would_lose_its_number_stops_the_release() -> None:
    marts = frames.marts()
    marts["mark"] = marts["mark"].with_columns(group_id=pl.lit(None, pl.String))
    with pytest.raises(ValueError, match="does not leave without its marks"):
        compose(select(marts, None, None, licensed_only=False)[0])


@pytest.mark.parametrize(
    ("start", "grain", "german", "english"),
    [
        (date(2024, 1, 1), "year", "2024", "2024"),
        (date(2024, 12, 31), "year", "31.12.2024", "2024-12-31"),
        (date(2024, 7, 1), "half_year", "2. Halbjahr 2024", "H2 2024"),
        (date(2024, 4, 1), "quarter", "2. Quartal 2024", "Q2 2024"),
        (date(2024, 4, 1), "month", "04/2024", "04/2024"),
    ],
)
def test_periods_ahead_get_a_label(start: date, grain: str, german: str, english: str) -> None:
    marts = frames.marts()
    marts["forecast"] = marts["forecast"].with_columns(
        period_start=pl.lit(start), grain=pl.lit(grain)
    )
    ahead = compose(select(marts, None, None, licensed_only=False)[0])["forecast"]
    assert set(ahead["period_de"]) == {german}
    assert set(ahead["period_en"]) == {english}
