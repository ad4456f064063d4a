"""Closing a rejected row that nobody can mend, and taking that back: decisions beside the release.

They change no cell, no fate and no release; they say that nobody need ask about the row any more, who says so and
why. How closed rows are listed is the read side's work.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

from dtsen_pipeline.core.corrections import KIND, ROOT, TARGET, profile_named
from dtsen_pipeline.resources.decide import Word
from dtsen_pipeline.resources.delivery import read
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.schemas.errors import DtsenError

Act = Literal["close_row", "reopen_row"]


@dataclass(frozen=True)
class Closed:
    """The rows that were closed (or opened again), and how many were so already."""

    rows: tuple[str, ...]
    known: int


def close_rows(platform: Platform, tokens: Sequence[str], word: Word) -> Closed:
    """Close rejected rows that nothing stands for; E_ROW_NOT_OPEN where one is none, and then nothing is closed."""
    return _decided(platform, tokens, word, "close_row")


def reopen_rows(platform: Platform, tokens: Sequence[str], word: Word) -> Closed:
    """Take closings back."""
    return _decided(platform, tokens, word, "reopen_row")


def _decided(platform: Platform, tokens: Sequence[str], word: Word, act: Act) -> Closed:
    if not word.reason.strip():
        raise DtsenError("E_REASON", "a decision needs a reason")
    waiting = _unresolved(platform)
    wrong = next((place for place, token in enumerate(tokens, start=1) if token not in waiting), None)
    if wrong is not None:
        raise DtsenError("E_ROW_NOT_OPEN", f"row {wrong} of those given is no rejected row that waits")
    meant = sorted(_chains(platform, tokens) & waiting)
    with platform.registry.together():
        closed = platform.registry.closings().keys()
        changed = [token for token in meant if (token in closed) == (act == "reopen_row")]
        for token in changed:
            platform.registry.decide_row(act, token, word.reason, word.actor, word.now)
    return Closed(tuple(changed), len(meant) - len(changed))


def _unresolved(platform: Platform) -> frozenset[str]:
    """The tokens of the current release's rejected rows for which nothing stands; E_NO_RELEASE where there is none."""
    release = platform.registry.current()
    if release is None:
        raise DtsenError("E_NO_RELEASE", "nothing has been published yet")
    directory = platform.store.directory(release.path)
    files = sorted(platform.store.manifest(directory)["files"])
    paths = [directory / file for file in files if file.startswith("rejected/")]
    scan = pl.scan_parquet(paths, glob=False, hive_partitioning=False).filter(pl.col("resolved_by").is_null())
    return frozenset(scan.select(pl.concat_str("src", pl.lit("-"), "row").alias("token")).collect()["token"])


def _chains(platform: Platform, tokens: Iterable[str]) -> set[str]:
    """The rows with all that were corrected into them or correct them: one fault, however often it was sent."""
    near = defaultdict[str, set[str]](set)
    for file in platform.registry.files(kind=KIND, verdict="accepted"):
        for one, other in _ties(platform, file.sha256, file.profile):
            near[one].add(other)
            near[other].add(one)
    found, edge = set[str](), set(tokens)
    while edge:
        found |= edge
        edge = {other for token in edge for other in near[token]} - found
    return found


def _ties(platform: Platform, sha256: str, profile: str | None) -> Iterator[tuple[str, str]]:
    """Each correction row of a file with the row it corrects, and with its chain's first."""
    if profile is None:
        return
    rows = read(platform, sha256, profile_named(profile)).rows
    for src, row, target, root in rows.select("src", "row", TARGET, ROOT).iter_rows():
        yield f"{src}-{row}", target
        yield f"{src}-{row}", root
