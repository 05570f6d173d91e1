"""Every older state of Musterstadt's values is the one that was known on its day."""

from collections.abc import Iterator
from datetime import date

import duckdb
import pytest

from orchestration import warehouse
from orchestration.declarations import read_declarations
from orchestration.ingest.deliver import take_in
from orchestration.place import Place
from tests.city.cities import new_musterstadt

pytestmark = [pytest.mark.city, pytest.mark.slow]

KEY = "indicator_id, area_system, area_version, area_id, period_start, grain, group_id"
# In between a first count of a year's incidents and its revision, and beside one of benefits.
THEN = date(2022, 6, 30)
NEEDED = ("+indicator_revision", "+indicator_value", "indicator")


@pytest.fixture(scope="module")
def marts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The base tables of today, and those as known then attached as `known`."""
    folder = new_musterstadt(tmp_path_factory.mktemp("revisions") / "musterstadt")
    declarations = read_declarations(folder)
    places = Place(folder), Place(folder, THEN)
    for source_id in ("einwohner", "sgb2", "vorfaelle"):
        take_in(declarations, declarations.sources[source_id], places[0])
    for place in places:
        warehouse.write_inputs(declarations, place)
        warehouse.begin(place)
        parsed = warehouse._parsed(warehouse.manifest_path(place))
        built = list(warehouse._invoke(place, ["run", "--select", *NEEDED], parsed))
        assert {one.status for one in built} == {"success"}
    with duckdb.connect(str(places[0].warehouse), read_only=True) as connection:
        connection.execute(f"attach '{places[1].warehouse}' as known (read_only)")
        yield connection


def one(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[int, ...]:
    row = connection.sql(query).fetchone()
    assert row is not None
    return row


def test_latest_state_is_the_value_of_today(marts: duckdb.DuckDBPyConnection) -> None:
    cells, values, statuses = one(
        marts,
        "select count(*), count(*) filter (state.value is distinct from today.value), "
        "count(*) filter (state.status is distinct from today.status) "
        "from marts.indicator_revision as state "
        f"left join marts.indicator_value as today using ({KEY}) where state.is_latest",
    )
    assert cells > 2000
    assert (values, statuses) == (0, 0)


def test_every_state_is_what_a_rebuild_as_of_then_shows(marts: duckdb.DuckDBPyConnection) -> None:
    cells, kinds, revised, values = one(
        marts,
        "with state as ("
        f"  select * from marts.indicator_revision where as_of <= date '{THEN}'"
        f"  qualify row_number() over (partition by {KEY} order by as_of desc) = 1"
        ") select count(*), count(distinct kind), count(*) filter (not state.is_latest), "
        "count(*) filter (state.value is distinct from rebuilt.value) "
        f"from state left join known.marts.indicator_value as rebuilt using ({KEY}) "
        "join marts.indicator using (indicator_id)",
    )
    assert cells > 1500
    assert kinds == 5
    assert revised > 50
    assert values == 0


def test_a_day_knows_only_the_revisions_until_then(marts: duckdb.DuckDBPyConnection) -> None:
    earlier, missing = one(
        marts,
        "select count(*), count(*) filter (state.value is distinct from later.value) "
        "from known.marts.indicator_revision as state "
        f"left join marts.indicator_revision as later using ({KEY}, revision)",
    )
    assert earlier > 1000
    assert missing == 0
    assert one(marts, "select max(as_of) <= date '2022-06-30' from known.marts.indicator_revision")


def test_every_value_that_two_days_show_differently_is_listed(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    (unlisted,) = one(
        marts,
        "select count(*) from known.marts.indicator_value as rebuilt "
        f"join marts.indicator_value as today using ({KEY}) "
        "join marts.indicator using (indicator_id) "
        f"anti join marts.indicator_revision as state using ({KEY}) "
        "where rebuilt.value is not null and today.status != 'estimated' "
        "and indicator.kind in ('count', 'share', 'rate', 'ratio', 'reported') "
        "and rebuilt.value is distinct from today.value",
    )
    assert unlisted == 0
