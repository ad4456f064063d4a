"""Tidying `work/`: stage files of input lists that no recent week uses any more.

Releases and the vault are not touched here.
"""

import re
import shutil
from pathlib import Path

from dtsen_pipeline.core.inputs import InputList

WEEKS_KEPT = 4
STAGE_FOLDER = re.compile(r"[0-9a-f]{16}")


def tidy(work: Path, week: str, weeks: int = WEEKS_KEPT) -> int:
    """Keep the lists of `week` and of the latest `weeks` weeks, and their stage folders; how many folders went.

    Called under the lease, so that no run is writing there.
    """
    lists = sorted((work / "lists").glob("*.json"), reverse=True)
    stay = [path for number, path in enumerate(lists) if number < weeks or path.stem == week]
    kept = {InputList.from_json(path.read_text()).hash[:16] for path in stay}
    for path in set(lists) - set(stay):
        path.unlink()
    stale = [path for path in work.iterdir() if STAGE_FOLDER.fullmatch(path.name) and path.name not in kept]
    for path in stale:
        shutil.rmtree(path)
    return len(stale)
