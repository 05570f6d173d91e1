"""Contracts drafted from Musterstadt's own deliveries load them, as if it had none yet."""

import dataclasses

import pytest

from orchestration.declarations import Declarations, read_declarations
from orchestration.propose.proof import propose
from tests.city.cities import new_musterstadt

pytestmark = pytest.mark.city


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Declarations:
    """Musterstadt as it was before anybody wrote a contract."""
    folder = new_musterstadt(tmp_path_factory.mktemp("propose") / "musterstadt")
    return dataclasses.replace(read_declarations(folder), sources={})


# Rows and observations of the last file of each source, as its real contract gives them.
@pytest.mark.parametrize(
    ("pattern", "rows", "observations"),
    [
        ("einwohner/Einwohner_2014*", 552, 552),
        ("einwohner/Einwohner_2024*", 576, 576),
        ("elternkurse/Elternkurse_2024*", 24, 48),
        ("hze/HzE_2019*", 23, 69),
        ("hze/HzE_2022-2023*", 24, 144),
        ("jugendtreff/Jugendtreffs_2024*", 288, 288),
        ("kennzahlen/Kennzahlen_2024*", 29, 58),
        ("kita/Kita_2024*", 24, 72),
        ("melderegister/Bestand*", 11, 11),
        ("schuldnerberatung/Wartezeiten_2024*", 62, 62),
        ("schuleingang/Schuleingang_2024*", 48, 48),
        ("sgb2/SGB2_2024*", 48, 144),
    ],
)
def test_the_draft_loads_every_row(
    city: Declarations, pattern: str, rows: int, observations: int
) -> None:
    (file,) = (city.folder / "deliveries").glob(pattern)
    found = propose(file, city)
    assert found.source.id == file.parent.name
    entry = found.delivery
    assert (entry.rows_in, entry.rows_accepted) == (rows, rows), entry.reasons
    assert entry.observations == observations
    year = int(next(part for part in file.stem.split("_") if part[:2] == "20")[:4])
    if found.source.layouts[0].area.column is not None:
        assert found.source.layouts[0].area.version == ("2015" if year < 2020 else "2020")


def test_the_case_list_is_recognised(city: Declarations) -> None:
    file = max((city.folder / "deliveries" / "vorfaelle").glob("*.csv"))
    found = propose(file, city)
    (layout,) = found.source.layouts
    assert layout.cases is not None
    assert {count.measure for count in layout.cases.counts} == {
        "fahrraddiebstahl", "wohnungseinbruch", "kellereinbruch", "sachbeschaedigung"
    }  # fmt: skip
    assert layout.area.within is not None
    assert found.delivery.rows_quarantined == 0
