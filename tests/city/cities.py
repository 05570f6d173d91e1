"""Musterstadt for the end-to-end tests: the command as a user types it, and one run of the city."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from examples.musterstadt.generate import generate

REPO = Path(__file__).parents[2]


def wirkraum(
    *arguments: str | Path, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command as a user would."""
    return subprocess.run(
        [Path(sys.executable).with_name("wirkraum"), *arguments],
        env={**os.environ, **(environment or {}), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def new_musterstadt(folder: Path) -> Path:
    """Copy the declarations of Musterstadt and generate its deliveries."""
    ignore = shutil.ignore_patterns(
        "var", "store", "deliveries", "truth.json", "__pycache__", "*.py"
    )
    shutil.copytree(REPO / "examples" / "musterstadt", folder, ignore=ignore)
    generate(folder)
    return folder
