import json
import re
import shutil
import stat
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from exports import release as door
from exports.metadata import changed_files
from exports.release import (
    LedgerDamaged,
    LedgerMissing,
    Profile,
    Release,
    ReleaseChanged,
    build_release,
    create_ledger,
    list_releases,
)
from tests.unit.exports import frames

PUBLIC = Profile("alle", "public", "Zahlen zum Gespräch", "Figures to talk about")
NOT_REPRODUCIBLE = {"SHA256SUMS", "site/sources/wirkraum/wirkraum.duckdb"}


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "store" / "records" / "releases.jsonl"
    create_ledger(path)
    return path


@pytest.fixture
def build(tmp_path: Path, ledger: Path) -> Callable[..., Release]:
    def run(
        profile: Profile = PUBLIC, tables: dict[str, pl.DataFrame] | None = None, **other: Any
    ) -> Release:
        wishes: dict[str, Any] = {
            "municipality": "Musterstadt",
            "as_of": frames.AS_OF,
            "releases": tmp_path / "releases",
            "ledger": ledger,
        }
        return build_release(tables or frames.marts(), profile, **(wishes | other))

    return run


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_public_release_without_suppression_is_impossible() -> None:
    for minimum in (None, 2):
        with pytest.raises(ValueError, match="public release without suppression"):
            Profile("x", "public", "T", "T", minimum_count=minimum)
    with pytest.raises(ValueError, match="public release without suppression"):
        replace(PUBLIC, minimum_count=None)
    with pytest.raises(ValueError, match="audience is 'press'"):
        Profile("x", "press", "T", "T")  # type: ignore[arg-type]
    assert PUBLIC.minimum_count == 5
    assert Profile("x", "internal", "T", "T", minimum_count=None).minimum_count is None


def test_a_release_is_whole_dated_and_read_only(build: Callable[..., Release]) -> None:
    made = build()
    assert made.is_new
    assert made.folder.name == f"2024-03-31-{made.content_hash[:8]}"
    assert made.folder.parent.name == "public"
    assert made.release_id == f"public-{made.folder.name}"
    assert made.rows["indicator_value"] == 10
    assert made.suppressed == 2
    assert [left.indicator_id for left in made.left_out] == ["alt"]
    names = set(contents(made.folder))
    assert {"LIESMICH.md", "README.md", "SHA256SUMS", "release.json"} <= names
    assert {"parquet/indicator_value.parquet", "csv/indicator_value.csv"} <= names
    assert {"site/package.json", "site/.npmrc", "site/pages/indikatoren/[indikator].md"} <= names
    for path in made.folder.rglob("*"):
        if path.is_file():
            assert stat.S_IMODE(path.stat().st_mode) == 0o444
    assert changed_files(made.folder) == []
    assert not list(made.folder.parent.glob(".*"))


def test_no_protected_figure_is_in_any_file(build: Callable[..., Release]) -> None:
    secret = 3.0078125
    marts = frames.marts()
    marts["indicator_value"] = marts["indicator_value"].with_columns(
        pl.when(pl.col("indicator_id") == "faelle", pl.col("value") == 3.0)
        .then(pl.lit(secret))
        .otherwise(pl.col(column))
        .alias(column)
        for column in ("value", "numerator")
    )
    marts["mark"] = marts["mark"].with_columns(
        evidence=pl.when(pl.col("area_id") == "02")
        .then(pl.lit('{"wert": "GEHEIM3,0078125"}'))
        .otherwise(pl.col("evidence")),
        text_de=pl.when(pl.col("area_id") == "02")
        .then(pl.lit("GEHEIM3,0078125"))
        .otherwise(pl.col("text_de")),
    )
    made = build(tables=marts)
    for name, raw in contents(made.folder).items():
        for trace in (b"GEHEIM", b"3,0078125", b"3.0078125"):
            assert trace not in raw, name
        if name.endswith(".parquet"):
            told = pl.read_parquet(made.folder / name).write_csv()
            assert "GEHEIM" not in told
            assert "3.0078125" not in told
    values = pl.read_parquet(made.folder / "parquet" / "indicator_value.parquet")
    assert values.filter(status="suppressed")["value"].null_count() == 2
    assert values.filter(indicator_id="faelle", area_id="02", status="suppressed").height == 1


def test_the_same_content_is_released_once(build: Callable[..., Release], ledger: Path) -> None:
    first = build()
    before = contents(first.folder)
    turned = {name: frame.reverse() for name, frame in frames.marts().items()}
    second = build(tables=turned)
    assert not second.is_new
    assert second == replace(first, is_new=False)
    assert contents(first.folder) == before
    assert len(list_releases(ledger)) == 1


def test_a_release_can_be_made_again_elsewhere(
    build: Callable[..., Release], tmp_path: Path
) -> None:
    other = tmp_path / "other" / "releases.jsonl"
    create_ledger(other)
    first = build()
    second = build(releases=tmp_path / "elsewhere", ledger=other)
    assert second.is_new
    assert second.release_id == first.release_id
    one, two = contents(first.folder), contents(second.folder)
    assert one.keys() == two.keys()
    assert {name for name in one if one[name] != two[name]} <= NOT_REPRODUCIBLE


def test_another_profile_day_or_value_is_another_release(
    build: Callable[..., Release], ledger: Path
) -> None:
    marts = frames.marts()
    marts["indicator_value"] = marts["indicator_value"].with_columns(pl.col("value") + 1)
    ids = {
        build().release_id,
        build(replace(PUBLIC, minimum_count=10)).release_id,
        build(replace(PUBLIC, id="andere")).release_id,
        build(as_of=frames.AS_OF.replace(year=2025)).release_id,
        build(municipality="Andernort").release_id,
        build(tables=marts).release_id,
    }
    assert len(ids) == 6
    assert {record["release_id"] for record in list_releases(ledger)} == ids


def test_an_internal_release_may_hold_everything(build: Callable[..., Release]) -> None:
    made = build(Profile("intern", "internal", "Intern", "internal", minimum_count=None))
    assert made.folder.parent.name == "internal"
    assert made.suppressed == 0
    assert made.left_out == ()
    values = pl.read_parquet(made.folder / "parquet" / "indicator_value.parquet")
    assert values.filter(indicator_id="faelle", area_id="02")["value"].to_list() == [12.0, 3.0]
    assert "nur für den internen Kreis" in (made.folder / "LIESMICH.md").read_text("utf-8")


def test_without_the_ledger_nothing_leaves(
    build: Callable[..., Release], ledger: Path, tmp_path: Path
) -> None:
    ledger.unlink()
    with pytest.raises(LedgerMissing, match=r"by difference.*Restore"):
        build()
    assert not (tmp_path / "releases").exists()
    assert not ledger.exists()


def test_a_ledger_is_never_created_over_another(ledger: Path) -> None:
    with pytest.raises(FileExistsError):
        create_ledger(ledger)


def test_a_damaged_ledger_line_is_named(build: Callable[..., Release], ledger: Path) -> None:
    build()
    with ledger.open("a", encoding="utf-8") as handle:
        handle.write('{"release_id": "pub')
    with pytest.raises(LedgerDamaged, match="Line 2"):
        build()


def test_a_line_without_folder_is_completed(build: Callable[..., Release], ledger: Path) -> None:
    first = build()
    shutil.rmtree(first.folder)
    second = build()
    assert not second.is_new
    assert changed_files(second.folder) == []
    assert len(list_releases(ledger)) == 1


def test_a_folder_without_line_is_entered_even_by_another_release(
    build: Callable[..., Release], ledger: Path
) -> None:
    first = build()
    ledger.write_text("", encoding="utf-8")
    second = build(replace(PUBLIC, id="andere"))
    assert [record["release_id"] for record in list_releases(ledger)] == [
        first.release_id,
        second.release_id,
    ]
    assert not build().is_new


def test_a_crash_while_writing_leaves_no_release(
    build: Callable[..., Release], ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> str:
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(door, "checksums", fail)
        with pytest.raises(OSError, match="disk full"):
            build()
    assert list_releases(ledger) == []
    made = build()
    assert made.is_new
    assert not list(made.folder.parent.glob(".*"))


def test_a_crash_before_the_ledger_line_is_mended(
    build: Callable[..., Release], ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise OSError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(door, "_append", fail)
        with pytest.raises(OSError, match="power cut"):
            build()
    made = build()
    assert [record["release_id"] for record in list_releases(ledger)] == [made.release_id]


def test_a_changed_release_is_refused(build: Callable[..., Release]) -> None:
    made = build()
    readme = made.folder / "LIESMICH.md"
    readme.chmod(0o644)
    readme.write_text("anders", encoding="utf-8")
    with pytest.raises(ReleaseChanged, match=r"LIESMICH\.md"):
        build()


def test_latest_points_to_the_newest_knowledge_of_each_profile(
    build: Callable[..., Release], tmp_path: Path
) -> None:
    newer = build(as_of=frames.AS_OF.replace(year=2025))
    build()
    other = build(replace(PUBLIC, id="andere"))
    latest = json.loads((tmp_path / "releases" / "public" / "latest.json").read_text("utf-8"))
    assert latest["audience"] == "public"
    assert {key: entry["release_id"] for key, entry in latest["profiles"].items()} == {
        "alle": newer.release_id,
        "andere": other.release_id,
    }
    folder = tmp_path / "releases" / latest["profiles"]["alle"]["folder"]
    assert folder == newer.folder


def test_the_readme_says_plainly_what_holds_and_what_does_not(
    build: Callable[..., Release],
) -> None:
    folder = build().folder
    german = (folder / "LIESMICH.md").read_text("utf-8")
    english = (folder / "README.md").read_text("utf-8")
    for text in (german, english):
        assert "None" not in text
        assert "dl-de/by-2-0" in text
        assert "`alt`" in text
        assert "`median`" in text
        assert "| M01 |" in text
        assert "| bezirk | 2020 | bezirk | 2 |" in text
        assert "`suppressed`" in text
    assert "Summen sind nicht gegengesichert" in german
    assert "totals are not protected by complementary suppression" in english
    assert "Was überrascht uns?" in german
    assert "31.03.2024" in german


def test_every_sql_of_the_site_runs_on_the_release(build: Callable[..., Release]) -> None:
    made = build()
    sources = made.folder / "site" / "sources" / "wirkraum"
    queries = sorted(sources.glob("*.sql"))
    assert len(queries) >= 6
    with duckdb.connect(str(sources / "wirkraum.duckdb"), read_only=True) as connection:
        rows = {
            path.stem: connection.sql(path.read_text(encoding="utf-8")).pl() for path in queries
        }
    assert rows["indicator_value"].height == made.rows["indicator_value"]
    assert all(frame.height for frame in rows.values())
    shown = rows["indicator_value"].filter(indicator_id="faelle", status="suppressed")
    assert shown.select("value_de", "interval_de", "reason_de").row(0) == (
        "–",
        "",
        "Fallzahl unter 5",
    )
    north = rows["indicator_value"].filter(indicator_id="anteil", area="Nord")
    assert north.select("value_de", "interval_de").row(0) == ("30", "15,0 bis 45,0")
    assert rows["forecast"].filter(area_key="bezirk|2020|01", indicator_id="faelle").select(
        "q10", "q50"
    ).row(0) == (30.0, 45.0)
    assert rows["release"]["as_of_de"].item() == "31.03.2024"


def test_every_query_of_the_pages_runs_and_finds_rows(build: Callable[..., Release]) -> None:
    site = build().folder / "site"
    sources = site / "sources" / "wirkraum"
    chosen = {
        "params.indikator": "faelle",
        "inputs.ebene.value": "bezirk|bezirk|2020",
        "inputs.gruppe.value": "all",
        "inputs.raster.value": "year",
        "inputs.zeitraum.value": "2022-01-01",
        "inputs.gebiet.value": "bezirk|2020|01",
    }
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{sources / 'wirkraum.duckdb'}' AS kept (READ_ONLY)")
        connection.execute("CREATE SCHEMA wirkraum; USE kept")
        for path in sources.glob("*.sql"):
            connection.execute(
                f"CREATE TABLE memory.wirkraum.{path.stem} AS {path.read_text('utf-8')}"
            )
        connection.execute("USE memory")
        for page in sorted(site.glob("pages/**/*.md")):
            found = re.findall(r"```sql (\w+)\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
            assert found
            wishes = chosen | {name: f"({query})" for name, query in found}
            for name, query in found:
                sql = query
                while "${" in sql:
                    sql = re.sub(r"\$\{([\w.]+)\}", partial(_chosen, wishes), sql)
                rows = connection.sql(sql).fetchall()
                assert rows or name == "absage", f"{page.name}: {name}"


def _chosen(wishes: dict[str, str], found: re.Match[str]) -> str:
    return wishes[found[1]]


def test_every_sql_runs_without_marks_and_forecasts(build: Callable[..., Release]) -> None:
    marts = frames.marts()
    made = build(tables=marts | {name: marts[name].clear() for name in ("mark", "forecast")})
    sources = made.folder / "site" / "sources" / "wirkraum"
    with duckdb.connect(str(sources / "wirkraum.duckdb"), read_only=True) as connection:
        for path in sources.glob("*.sql"):
            assert connection.sql(path.read_text(encoding="utf-8")).pl().height, path.name
    assert "keine Merkzeichen" in (made.folder / "LIESMICH.md").read_text("utf-8")


def test_the_site_sends_no_usage_data_and_asks_no_ranking(build: Callable[..., Release]) -> None:
    site = build().folder / "site"
    settings = json.loads((site / "evidence.settings.json").read_text("utf-8"))
    assert settings == {"send_anonymous_usage_stats": "no"}
    assert "node_modules" not in {path.name for path in site.iterdir()}
    for page in site.glob("pages/**/*.md"):
        text = page.read_text("utf-8")
        assert "order by value" not in text
        assert "contentType=delta" not in text
