"""The small municipality that `wirkraum init` founds, to be changed file by file."""

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path


def create(folder: Path) -> None:
    """Found a municipality that runs at once, such as `create(Path("mytown"))`.

    The folder may exist if it is empty. Raises FileExistsError where anything is in the way;
    nothing is written then.
    """
    if folder.exists() and not folder.is_dir():
        raise FileExistsError(f"{folder} is a file; name a new folder")
    if folder.is_dir() and any(folder.iterdir()):
        raise FileExistsError(
            f"{folder} is not empty and nothing in it was changed; name a new folder"
        )
    _copy(files("orchestration").joinpath("templates", "municipality"), folder)


def _copy(source: Traversable, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for entry in source.iterdir():
        if entry.is_dir():
            _copy(entry, target / entry.name)
        else:
            (target / entry.name).write_bytes(entry.read_bytes())
