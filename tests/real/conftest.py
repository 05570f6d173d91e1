"""Berlin and the RKI archives, taken in once for all tests that look at the lake."""

import os
from pathlib import Path

import pytest

from tests.real.taken import Taken, take_all_in

REPO = Path(__file__).parents[2]
SHARED = REPO.parent / "shared" / "data"


@pytest.fixture(scope="session")
def berlin(shared_folder: Path) -> Taken:
    """Every file of Berlin that has a contract."""
    data = Path(os.environ.get("WIRKRAUM_DATA", SHARED / "berlin"))
    if not data.is_dir():
        pytest.skip(f"needs the open data of Berlin in {data} (or WIRKRAUM_DATA)")
    folder = shared_folder / "berlin"
    return take_all_in(REPO / "examples" / "berlin", folder, "WIRKRAUM_DATA", data)


@pytest.fixture(scope="session")
def rki(shared_folder: Path) -> Taken:
    """Every vintage of the RKI archives."""
    data = Path(os.environ.get("WIRKRAUM_RKI", SHARED / "rki"))
    if not data.is_dir():
        pytest.skip(f"needs the archives of the RKI in {data} (or WIRKRAUM_RKI)")
    folder = shared_folder / "rki"
    return take_all_in(REPO / "tests" / "real" / "rki", folder, "WIRKRAUM_RKI", data)
