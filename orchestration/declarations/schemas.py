"""JSON Schemas of all declarations, so that editors complete and check as one types."""

import json
import sys
from pathlib import Path

from orchestration.declarations.tree import KINDS, SINGLE_FILES

FOLDER = Path(__file__).parent / "schemas"


def schemas() -> dict[str, str]:
    """File name → JSON Schema text for every kind of declaration."""
    return {
        f"{kind}.schema.json": json.dumps(model.model_json_schema(), indent=2, ensure_ascii=False)
        + "\n"
        for kind, model in sorted((KINDS | SINGLE_FILES).items())
    }


def write_schemas(folder: Path = FOLDER) -> list[Path]:
    """Write all schemas; `python -m orchestration.declarations.schemas` does this in the repo."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in schemas().items():
        path = folder / name
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


if __name__ == "__main__":
    for one in write_schemas():
        sys.stdout.write(f"{one}\n")
