"""A SIKS-NG snapshot of a generated city's families, dated as a test wants it."""

import json
import shutil
from pathlib import Path
from tempfile import mkdtemp

from dtsen_pipeline.synthetic import every_shape

VERSION = "siks_2026-06"


def siks_snapshot(city: Path, folder: Path, day: str, version: str = VERSION) -> list[Path]:
    """The member and the family file in `folder`, with their notes; the city itself stays as it is."""
    found = []
    apart = Path(shutil.copytree(city, Path(mkdtemp()) / "city"))
    for file in every_shape(apart):
        if VERSION in file.name:
            target = folder / file.name.replace("_siks", "_siks_siks")
            note = json.loads(file.with_name(f"{file.name}.json").read_text(encoding="utf-8"))
            shutil.copy(file, target)
            target.with_name(f"{target.name}.json").write_text(
                json.dumps(note | {"data_date": day, "version": version})
            )
            found.append(target)
    shutil.rmtree(apart.parent)
    return sorted(found)
