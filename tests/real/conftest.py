"""Berlin and the RKI archives, taken in once for all tests that look at the lake."""

import os
from pathlib import Path

import pytest

from tests.real.taken import Taken, take_all_in

REPO = Path(__file__).parents[2]
SHARED = REPO.parent / "shared" / "data"


def _shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of one test session share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def berlin(tmp_path_factory: pytest.TempPathFactory) -> Taken:
    """Every file of Berlin that has a contract."""
    data = Path(os.environ.get("WIRKRAUM_DATA", SHARED / "berlin"))
    if not data.is_dir():
        pytest.skip(f"needs the open data of Berlin in {data} (or WIRKRAUM_DATA)")
    folder = _shared(tmp_path_factory) / "berlin"
    return take_all_in(REPO / "examples" / "berlin", folder, "WIRKRAUM_DATA", data)


@pytest.fixture(scope="session")
def rki(tmp_path_factory: pytest.TempPathFactory) -> Taken:
    """Every vintage of the RKI archives."""
    data = Path(os.environ.get("WIRKRAUM_RKI", SHARED / "rki"))
    if not data.is_dir():
        pytest.skip(f"needs the archives of the RKI in {data} (or WIRKRAUM_RKI)")
    folder = _shared(tmp_path_factory) / "rki"
    return take_all_in(REPO / "tests" / "real" / "rki", folder, "WIRKRAUM_RKI", data)
