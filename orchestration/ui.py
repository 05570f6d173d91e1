"""Dagster's pages for one municipality, on this machine only."""

import os
import subprocess
import sys
from pathlib import Path

from orchestration.place import Place

_SETTINGS = """\
telemetry:
  enabled: false
nux:
  enabled: false
concurrency:
  runs:
    max_concurrent_runs: 1
"""


def prepare(folder: Path) -> dict[str, str]:
    """Lay out Dagster's home below `var/` and give back the environment it needs."""
    home = Place(folder).dagster_home
    home.mkdir(parents=True, exist_ok=True)
    (home / "dagster.yaml").write_text(_SETTINGS, encoding="utf-8")
    return {
        **os.environ,
        "DAGSTER_HOME": str(home.resolve()),
        "WIRKRAUM_MUNICIPALITY": str(folder.resolve()),
    }


def serve(folder: Path, port: int) -> None:
    """Serve the graph on 127.0.0.1 until interrupted."""
    dagster = Path(sys.executable).with_name("dagster")
    command = [str(dagster), "dev", "-m", "orchestration.definitions", "-h", "127.0.0.1"]
    subprocess.run([*command, "-p", str(port)], env=prepare(folder), check=False)
