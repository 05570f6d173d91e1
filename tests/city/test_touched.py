"""A delivery, a correction or a declaration computes anew what it touches, and nothing else."""

import json
import shutil
from pathlib import Path

import duckdb
import pytest

from orchestration import warehouse
from orchestration.city import City
from orchestration.ingest import lake
from orchestration.place import Place

pytestmark = [pytest.mark.city, pytest.mark.slow]


def _rows(place: Place) -> dict[str, set[tuple[object, ...]]]:
    """All rows of all marts that are computed from the lake."""
    with duckdb.connect(str(place.warehouse), read_only=True) as connection:
        names = connection.sql(
            "select table_name from duckdb_tables() where schema_name = 'marts' order by 1"
        ).fetchall()
        return {name: set(connection.table(f'marts."{name}"').fetchall()) for (name,) in names}


def _build(folder: Path) -> dict[str, list[str]] | None:
    """Build the base models; gives what was computed anew, None for everything."""
    town = City.open(folder)
    warehouse.write_inputs(town.declarations, town.place)
    warehouse.manifest_path(town.place)
    warehouse.begin(town.place)
    warehouse.build(town.place, "base")
    warehouse.finish(town.place)
    told = town.place.touched.read_text(encoding="utf-8")
    return json.loads(told) if told else None


def test_only_what_was_touched_is_computed_anew_and_all_is_as_if_rebuilt(
    city: Place, tmp_path: Path
) -> None:
    place = Place(tmp_path / "city")
    shutil.copytree(city.folder, place.folder)
    *_, newest = lake.ledger(place, "sgb2")
    lake.withdraw(place, newest)
    declared = place.folder / "indicators"
    rate = declared / "einbruch_rate.yml"
    text = rate.read_text(encoding="utf-8")
    assert "per: 10000\n" in text
    rate.write_text(text.replace("per: 10000\n", "per: 1000\n"), encoding="utf-8")
    model = place.folder / "models" / "city_einbruch_drei_jahre.sql"
    model.write_text(f"{model.read_text(encoding='utf-8')}-- one more line\n", encoding="utf-8")
    (declared / "wohnungseinbruch_veraenderung.yml").unlink()
    with duckdb.connect(str(place.warehouse), read_only=True) as connection:
        ((version, area, start, grain, value),) = connection.sql(
            "select area_version, area_id, period_start, grain, value from core.measure_delivered "
            "where measure_id = 'jugendtreff_besuche' and group_id = 'all' and value > 10 "
            "order by all limit 1",
        ).fetchall()
    with (place.folder / "corrections.csv").open("a", encoding="utf-8") as handle:
        handle.write(
            f"jugendtreff,jugendtreff_besuche,{version},{area},{start},{grain},all,{value:g},"
            f"{value}1,Komma,comma,niemand,open,2025-01-31\n"
        )

    before = _rows(place)
    found = _build(place.folder)
    assert found is not None
    sgb2 = {"sgb2_haushalte", "sgb2_kinder", "sgb2_personen"}
    assert set(found["measures"]) == {"jugendtreff_besuche", *sgb2}
    assert {"einbruch_rate", "wohnungseinbruch_veraenderung", "sgb2_quote"} <= set(
        found["indicators"]
    )
    assert "einbruch_rate_drei_jahre" in found["indicators"]
    assert not {"einwohner", "beratung_in_1000_m"} & set(found["indicators"])
    touched = _rows(place)
    assert {name for name in touched if touched[name] != before[name]} >= {
        "indicator_value",
        "indicator_revision",
        "indicator_derivation",
    }
    assert _build(place.folder) == {key: [] for key in found}
    assert _rows(place) == touched

    place.fingerprints.unlink()
    assert _build(place.folder) is None
    rebuilt = _rows(place)
    assert "indicator_value" in rebuilt
    assert {name: touched[name] for name in rebuilt} == rebuilt
