"""A wheel on another machine: built, installed outside the clone, a city founded and run."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.city, pytest.mark.slow]


@dataclass(frozen=True)
class Installed:
    """A wheel installed into an environment of its own."""

    wheel: Path
    bin: Path

    def run(self, *command: str, cwd: Path) -> str:
        """Run a command of the environment, as somebody would who never activated it."""
        done = subprocess.run(
            [self.bin / command[0], *command[1:]],
            cwd=cwd,
            env={"PATH": os.defpath, "HOME": str(cwd), "LANG": "C.UTF-8"},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, f"{command} failed:\n{done.stdout}\n{done.stderr}"
        return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel of this clone, installed where the clone cannot be imported.

    The new environment sees the locked libraries through a plain path: `.pth` files behind such
    a path are not read, so the editable install of the clone stays out of sight.
    """
    folder = tmp_path_factory.mktemp("wheel")
    build = ["-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run([sys.executable, *build], cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")

    environment = folder / "environment"
    venv.create(environment, with_pip=False, symlinks=True)
    python = environment / "bin" / "python"
    uv = Path(sys.executable).with_name("uv")
    install = ["pip", "install", "--offline", "--no-cache", "--no-deps", "--python", str(python)]
    subprocess.run([uv, *install, str(wheel)], check=True, capture_output=True)

    site_packages = environment / "lib" / f"python{sysconfig.get_python_version()}/site-packages"
    libraries = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (site_packages / "libraries.pth").write_text("\n".join(sorted(libraries)) + "\n")
    # An installer would have put the commands of the libraries beside ours.
    dbt = python.with_name("dbt")
    dbt.write_text(f"#!{python}\nfrom dbt.cli.main import cli\n\ncli()\n")
    dbt.chmod(0o755)
    return Installed(wheel, python.parent)


def test_wheel_carries_what_a_city_needs(installed: Installed) -> None:
    """Besides the packages: dbt project, templates, site; nothing of tests, examples or builds."""
    names = set(zipfile.ZipFile(installed.wheel).namelist())
    assert "orchestration/dbt_project/dbt_project.yml" in names

    def tracked(folder: str) -> set[str]:
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard", folder],
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        )
        return {name for name in listed.stdout.splitlines() if (ROOT / name).is_file()}

    for folder in ("orchestration/templates", "exports/evidence"):
        files = tracked(folder)
        assert files, f"{folder} is empty"
        assert files <= names, f"not in the wheel: {sorted(files - names)}"
    dbt_files = {f"orchestration/{name}" for name in tracked("dbt_project")}
    assert dbt_files <= names, f"not in the wheel: {sorted(dbt_files - names)}"

    top_folders = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    assert top_folders == {"orchestration", "forecasting", "quality", "exports"}
    leftovers = ("/target/", "/logs/", "/node_modules/", "__pycache__")
    assert not [name for name in names if any(part in name for part in leftovers)]


def test_wheel_founds_and_runs_a_city(installed: Installed, tmp_path: Path) -> None:
    """`wirkraum init` and `wirkraum run` need nothing of the clone."""
    where = "import orchestration; print(orchestration.__file__)"
    imported = Path(installed.run("python", "-c", where, cwd=tmp_path).strip())
    assert imported.is_relative_to(installed.bin.parent)

    installed.run("wirkraum", "init", "kommune", cwd=tmp_path)
    city = tmp_path / "kommune"
    assert (city / "municipality.yml").is_file()
    assert (city / "README.md").is_file()
    assert list((city / "sources").glob("*.yml"))

    installed.run("wirkraum", "run", "kommune", cwd=tmp_path)
    assert (city / "var" / "published" / "warehouse.duckdb").is_file()
