"""Snapshots loaded in any order are the same lake, and the same knowledge on every day."""

import re
import tempfile
from datetime import date, timedelta
from pathlib import Path

import duckdb
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.declarations.city_models import CODE_TYPES
from orchestration.ingest import lake
from orchestration.ingest.tidy import OBSERVATION_SCHEMA
from orchestration.warehouse import project_folder
from tests.unit.ingest.town import Town, settle

Table = dict[tuple[int, str], int]
DAYS = [date(2021, 1, 31) + timedelta(days=15 * number) for number in range(5)]
AREAS = ["0101", "0102", "0201"]

tables = st.dictionaries(
    st.tuples(st.sampled_from([2019, 2020]), st.sampled_from(AREAS)),
    st.integers(0, 3),
    min_size=1,
)
# Equal tables of several days are byte-identical; those of one day would be one delivery.
snapshots = st.dictionaries(
    st.tuples(st.sampled_from(DAYS), st.sampled_from("ab")), tables, min_size=1, max_size=5
).filter(
    lambda one: len({(day, str(sorted(t.items()))) for (day, _), t in one.items()}) == len(one)
)


def text(table: Table) -> str:
    rows = "".join(f"{year};{area};{value}\n" for (year, area), value in sorted(table.items()))
    return f"Jahr;Viertel;Fälle\n{rows}"


def statement_of(model: str, day: date) -> str:
    """The statement of a model of the warehouse, with those of the models it reads within it."""
    path = project_folder() / "models" / "staging" / f"{model}.sql"
    statement = path.read_text(encoding="utf-8").replace('{{ var("as_of") }}', day.isoformat())
    statement = re.sub(r"\{\{ source(?:_in_texts)?\('\w+', '(\w+)'\) \}\}", r"\1", statement)
    return re.sub(
        r"\{\{ ref\('(\w+)'\) \}\}", lambda ref: f"({statement_of(ref[1], day)})", statement
    )


def known(town: Town, day: date) -> Table:
    """The newest state of each cell on a day, by the very statement the warehouse uses."""
    ledger = town.ledger()
    frames = [pl.LazyFrame(schema=OBSERVATION_SCHEMA)]
    frames += [lake.observations(town.place, entry) for entry in ledger]
    with duckdb.connect() as connection:
        for name in CODE_TYPES:
            connection.execute(f"create type {name} as varchar")
        connection.register("observation", pl.concat(frames).collect())
        connection.register("delivery", lake.delivery_table(ledger))
        statement = statement_of("stg_observation", day)
        rows = connection.sql(f"select year(period_start), area_id, value from ({statement})")
        return {(year, area): int(value) for year, area, value in rows.fetchall()}


def expected(files: dict[tuple[date, str], Table], day: date) -> Table:
    found: Table = {}
    for (as_of, _), table in sorted(files.items()):
        if as_of <= day:
            found |= table
    return found


@settings(max_examples=15)
@given(files=snapshots, data=st.data())
def test_any_order_gives_the_same_lake_and_the_same_knowledge(
    files: dict[tuple[date, str], Table], data: st.DataObject
) -> None:
    order = data.draw(st.permutations(sorted(files)))
    together = data.draw(st.integers(1, len(order)), label="files in the first run")
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        at_once, in_turn = settle(Path(one)), settle(Path(other))
        names = {key: f"fall_{key[1]}_{key[0]}.csv" for key in files}
        at_once.deliver({names[key]: text(files[key]) for key in sorted(files)})
        in_turn.deliver({names[key]: text(files[key]) for key in order[:together]})
        for key in order[together:]:
            in_turn.deliver({names[key]: text(files[key])})

        columns = list(OBSERVATION_SCHEMA)
        assert in_turn.observed(*columns) == at_once.observed(*columns)
        for day in [DAYS[0] - timedelta(days=1), *DAYS, DAYS[-1] + timedelta(days=1)]:
            assert known(in_turn, day) == known(at_once, day) == expected(files, day)
