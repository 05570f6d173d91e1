from collections.abc import Mapping
from pathlib import Path

import duckdb
import polars as pl
import pytest

from exports.disclosure import mask_protected
from exports.publish import before, content_hash, keep, publish, rollback
from tests.unit.exports import frames

Frames = Mapping[str, pl.DataFrame]


def build(path: Path, tables: Frames, extra: str = "") -> Path:
    """A build warehouse: marts with constraints and comments, and a schema that stays inside."""
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE SCHEMA marts; CREATE SCHEMA staging")
        connection.execute("CREATE TABLE staging.inside AS SELECT 1 AS secret")
        for name, frame in tables.items():
            connection.register("frame", frame)
            connection.execute(f'CREATE TABLE marts."{name}" AS SELECT * FROM frame')
            connection.unregister("frame")
        connection.execute(
            """
            CREATE TABLE marts.zone (zone_id VARCHAR PRIMARY KEY, name VARCHAR NOT NULL);
            CREATE TABLE marts.house (
                house_id INTEGER PRIMARY KEY, zone_id VARCHAR REFERENCES marts.zone (zone_id),
                rooms INTEGER CHECK (rooms >= 0)
            );
            INSERT INTO marts.zone VALUES ('b', 'B'), ('a', 'A');
            INSERT INTO marts.house VALUES (2, 'b', 3), (1, 'a', NULL);
            COMMENT ON TABLE marts.house IS 'Häuser, it''s / houses';
            COMMENT ON COLUMN marts.house.rooms IS 'Räume / rooms';
            CREATE INDEX house_zone ON marts.house (zone_id);
            """
        )
        connection.execute(extra)
    return path


def value_of(path: Path, sql: str) -> object:
    with duckdb.connect(str(path), read_only=True) as connection:
        row = connection.sql(sql).fetchone()
    assert row is not None
    return row[0]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return build(tmp_path / "warehouse.duckdb", frames.marts())


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "published" / "warehouse.duckdb"


def test_only_marts_are_published_with_constraints_and_comments(source: Path, target: Path) -> None:
    done = publish(source, target)
    assert done.is_new
    assert done.content_hash == content_hash(target) == content_hash(source)
    with duckdb.connect(str(target), read_only=True) as connection:
        assert connection.sql("SELECT DISTINCT schema_name FROM duckdb_tables()").fetchall() == [
            ("marts",)
        ]
        kinds = {
            kind
            for (kind,) in connection.sql(
                "SELECT constraint_type FROM duckdb_constraints() WHERE table_name = 'house'"
            ).fetchall()
        }
        assert {"PRIMARY KEY", "FOREIGN KEY", "CHECK"} <= kinds
        assert connection.sql("SELECT index_name FROM duckdb_indexes()").fetchall() == [
            ("house_zone",)
        ]
        assert connection.sql("SELECT house_id FROM marts.house").fetchall() == [(1,), (2,)]
    assert (
        value_of(target, "SELECT comment FROM duckdb_tables() WHERE table_name = 'house'")
        == "Häuser, it's / houses"
    )
    assert (
        value_of(target, "SELECT comment FROM duckdb_columns() WHERE column_name = 'rooms'")
        == "Räume / rooms"
    )
    assert sorted(path.name for path in target.parent.iterdir()) == ["warehouse.duckdb"]


def test_the_hash_does_not_see_the_order_of_rows_but_every_value(tmp_path: Path) -> None:
    marts = frames.marts()
    turned = {name: frame.reverse() for name, frame in marts.items()}
    one = build(tmp_path / "one.duckdb", marts)
    two = build(tmp_path / "two.duckdb", turned)
    assert content_hash(one) == content_hash(two)
    three = build(tmp_path / "three.duckdb", marts, "UPDATE marts.house SET rooms = 0")
    assert content_hash(three) != content_hash(one)
    four = build(tmp_path / "four.duckdb", marts, "COMMENT ON TABLE marts.zone IS 'x'")
    assert content_hash(four) != content_hash(one)


def test_an_open_session_keeps_its_snapshot_and_rollback_swaps(source: Path, target: Path) -> None:
    first = publish(source, target).content_hash
    session = duckdb.connect(str(target), read_only=True)
    build(source, frames.marts(), "UPDATE marts.house SET rooms = 99 WHERE house_id = 2")
    second = publish(source, target).content_hash
    rooms = "SELECT rooms FROM marts.house WHERE house_id = 2"
    assert session.sql(rooms).fetchone() == (3,)
    session.close()
    assert value_of(target, rooms) == 99
    assert content_hash(before(target)) == first
    rollback(target)
    assert (content_hash(target), content_hash(before(target))) == (first, second)
    rollback(target)
    assert (content_hash(target), content_hash(before(target))) == (second, first)
    assert sorted(path.name for path in target.parent.iterdir()) == [
        "warehouse.before.duckdb",
        "warehouse.duckdb",
    ]


def test_publishing_the_same_again_keeps_the_way_back(source: Path, target: Path) -> None:
    first = publish(source, target).content_hash
    build(source, frames.marts(), "UPDATE marts.house SET rooms = 99 WHERE house_id = 2")
    publish(source, target)
    assert not publish(source, target).is_new
    assert content_hash(before(target)) == first


def test_rollback_without_a_state_before_is_refused(source: Path, target: Path) -> None:
    publish(source, target)
    with pytest.raises(FileNotFoundError, match="there is no state before"):
        rollback(target)


def test_rollback_when_both_names_lead_to_one_file(source: Path, target: Path) -> None:
    """What a crash between the two renames of `publish` leaves behind."""
    publish(source, target)
    before(target).hardlink_to(target)
    rollback(target)
    assert target.is_file()
    assert sorted(path.name for path in target.parent.iterdir()) == [
        "warehouse.before.duckdb",
        "warehouse.duckdb",
    ]


def test_outlines_come_back_with_the_warehouse_they_were_published_with(
    source: Path, target: Path
) -> None:
    """Outlines of the third state, other ones of the second, none of the first."""
    areas = target.with_name("areas.parquet")
    for rooms, outlines in ((1, None), (2, b"second"), (3, b"third")):
        build(source, frames.marts(), f"UPDATE marts.house SET rooms = {rooms}")
        assert publish(source, target).is_new
        keep(areas)
        if outlines is not None:
            part = target.with_name("part")
            part.write_bytes(outlines)
            part.replace(areas)
        if rooms == 2:
            rollback(target, areas)
            assert not areas.exists()
            assert value_of(target, "SELECT min(rooms) FROM marts.house") == 1
            rollback(target, areas)
            assert areas.read_bytes() == b"second"
    rollback(target, areas)
    assert (areas.read_bytes(), before(areas).read_bytes()) == (b"second", b"third")
    assert value_of(target, "SELECT min(rooms) FROM marts.house") == 2
    rollback(target, areas)
    assert (areas.read_bytes(), before(areas).read_bytes()) == (b"third", b"second")


def test_a_failed_publishing_leaves_the_published_file_alone(source: Path, target: Path) -> None:
    done = publish(source, target)

    def fail(_: Frames) -> Frames:
        raise RuntimeError("mask broke")

    build(source, frames.marts(), "UPDATE marts.house SET rooms = 99")
    with pytest.raises(RuntimeError, match="mask broke"):
        publish(source, target, fail)
    assert content_hash(target) == done.content_hash
    assert not before(target).exists()
    publish(source, target)
    assert content_hash(before(target)) == done.content_hash


def test_the_mask_of_protected_sources_is_applied_while_copying(source: Path, target: Path) -> None:
    publish(source, target, mask_protected)
    small = "SELECT count(*) FROM marts.indicator_value WHERE numerator > 0 AND numerator < 5"
    assert value_of(source, small) == 2
    assert value_of(target, small) == 1
    assert value_of(target, f"{small} AND indicator_id <> 'offen'") == 0
    count = "SELECT count(*) FROM marts.indicator_value"
    assert value_of(target, count) == value_of(source, count)
    assert value_of(target, "SELECT count(*) FROM marts.mark WHERE evidence = '{}'") == 2
    types = (
        "SELECT string_agg(column_name || data_type, ',' ORDER BY column_index) "
        "FROM duckdb_columns() WHERE table_name = 'indicator_value'"
    )
    assert value_of(target, types) == value_of(source, types)


def test_figures_no_mask_knows_are_not_published(tmp_path: Path, target: Path) -> None:
    new = "CREATE TABLE marts.newcomer AS SELECT 'faelle' AS indicator_id, 3.0 AS value"
    source = build(tmp_path / "new.duckdb", frames.marts(), new)
    with pytest.raises(ValueError, match="the mask does not know: newcomer"):
        publish(source, target, mask_protected)
    assert not target.exists()
    publish(source, target)


def test_a_mask_that_loses_rows_is_refused(source: Path, target: Path) -> None:
    with pytest.raises(ValueError, match="lost or invented"):
        publish(source, target, lambda tables: {"mark": tables["mark"].clear()})


def test_views_missing_marts_and_a_missing_build_are_refused(tmp_path: Path, target: Path) -> None:
    viewed = build(tmp_path / "v.duckdb", {}, "CREATE VIEW marts.v AS FROM staging.inside")
    with pytest.raises(ValueError, match=r"views \(v\)"):
        publish(viewed, target)
    empty = tmp_path / "e.duckdb"
    duckdb.connect(str(empty)).close()
    with pytest.raises(ValueError, match="nothing to publish"):
        publish(empty, target)
    with pytest.raises(FileNotFoundError, match="build the warehouse first"):
        publish(tmp_path / "none.duckdb", target)


def test_only_changed_rows_are_copied_and_the_file_is_as_if_written_anew(tmp_path: Path) -> None:
    def figures(values: dict[str, int]) -> str:
        rows = ", ".join(f"('{one}', {value})" for one, value in values.items())
        return (
            "CREATE TABLE marts.figure (indicator_id VARCHAR PRIMARY KEY, value INTEGER);"
            f"INSERT INTO marts.figure VALUES {rows}"
        )

    target, whole = tmp_path / "published.duckdb", tmp_path / "whole.duckdb"
    publish(build(tmp_path / "first.duckdb", {}, figures({"a": 1, "b": 2, "c": 3})), target)
    with duckdb.connect(str(target), read_only=True) as session:
        # b is another value, c is gone, d is new; a differs only to show that it is not copied
        values = {"a": 9, "b": 5, "d": 4}
        source = build(tmp_path / "second.duckdb", {}, figures(values))
        done = publish(source, target, changed={"figure": ["b", "c", "d"]})
        assert done.is_new
        assert session.sql("FROM marts.figure ORDER BY 1").fetchall() == [
            ("a", 1),
            ("b", 2),
            ("c", 3),
        ]
    with duckdb.connect(str(target), read_only=True) as session:
        assert session.sql("FROM marts.figure ORDER BY 1").fetchall() == [
            ("a", 1),
            ("b", 5),
            ("d", 4),
        ]
    source = build(tmp_path / "third.duckdb", {}, figures(values | {"a": 1}))
    assert publish(source, whole).content_hash == done.content_hash
    assert not publish(source, target, changed={"figure": ["b"]}).is_new

    rollback(target)
    with duckdb.connect(str(target), read_only=True) as session:
        assert session.sql("SELECT sum(value) FROM marts.figure").fetchone() == (6,)
