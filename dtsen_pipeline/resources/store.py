"""Release directories: staged under the lease, sealed once, verified from what their manifest names.

    releases/<week>/<release_id>/<table>/part-00000.parquet …
                                 datapackage.json README.md SHA256SUMS manifest.json

No rename, no overwrite, no trust in a listing: each file is written under its own name, the manifest comes
last and names every other, and what it does not name is a finding. Which release is current, the registry
knows.
"""

import hashlib
import os
import shutil
import stat
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from dtsen_pipeline.resources import manifest as papers
from dtsen_pipeline.resources.failpoint import reach
from dtsen_pipeline.resources.home import PRIVATE_DIRECTORY, PRIVATE_FILE, make_private, sync, write_private
from dtsen_pipeline.resources.manifest import MANIFEST, NAME, PACKAGE, README, SUMS, Manifest
from dtsen_pipeline.schemas.errors import TOKEN_LENGTH, DtsenError

ATTEMPT = "attempt"
"""Beside the weeks: which directory is being written, so that a killed attempt is found and removed."""

Problem = Literal["changed", "missing", "extra", "odd", "unreadable"]


@dataclass(frozen=True)
class Sealed:
    """A finished release directory; `path` is `week/release_id`."""

    path: str
    manifest_sha256: str
    files: int
    size: int


@dataclass(frozen=True)
class Finding:
    """What is wrong with one file; `name` is one that the manifest gives, or a token where it gives none."""

    problem: Problem
    name: str

    def __str__(self) -> str:
        """For messages: what, then where."""
        return f"{self.problem}: {self.name}"


class Store:
    """The release directories below one root."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def directory(self, path: str) -> Path:
        """Where a registered release lies; `path` is `week/release_id`."""
        week, _, release_id = path.partition("/")
        return self.root / _name(week) / _name(release_id)

    def stage(self, week: str, release_id: str, registered: Collection[str]) -> Path:
        """An empty private directory for a new release; what an unregistered earlier attempt left is removed.

        `registered` holds the path (`week/release_id`) of every registered release. Nothing is removed but
        the last attempt, so that a wrong registry cannot cost a release that was settled.
        """
        target = f"{_name(week)}/{_name(release_id)}"
        self.settle(registered)
        if target in registered:
            raise DtsenError("E_RELEASE_EXISTS", "a release with this id is registered already")
        directory = self.root / target
        if os.path.lexists(directory):
            raise DtsenError("E_RELEASE_FOREIGN", "an unregistered directory has this release's name")
        write_private(self.root / ATTEMPT, target.encode())
        make_private(directory.parent)
        make_private(directory)
        sync(directory.parent)
        return directory

    def settle(self, registered: Collection[str]) -> None:
        """End the last attempt: its directory stays if it was registered, and is removed otherwise."""
        if any(path.count("/") != 1 for path in registered):
            problem = "registered releases are given as week/release_id"
            raise ValueError(problem)
        make_private(self.root)
        note = self.root / ATTEMPT
        if not note.is_file():
            return
        target = note.read_text()
        if target not in registered:
            self._remove(target)
        note.unlink()
        sync(self.root)

    def seal(
        self,
        directory: Path,
        manifest: Mapping[str, Any],
        files: Sequence[str],
        readme: Callable[[Manifest], str],
    ) -> Sealed:
        """Hash and close the data `files` (relative paths), describe them, and write the manifest last."""
        if dict(_walk(directory)) != dict.fromkeys(files, True):
            raise DtsenError("E_SEAL", "the directory does not hold exactly the files that were written")
        _close(directory)
        entries = {name: papers.entry(directory / name) for name in sorted(files)}
        facts = papers.plain({**manifest, "files": entries})
        _describe(directory, facts, readme)
        reach("store-before-manifest")
        content = papers.encode(facts)
        write_private(directory / MANIFEST, content)
        size = sum(entry["size"] for entry in facts["files"].values())
        path = directory.relative_to(self.root).as_posix()
        return Sealed(path, hashlib.sha256(content).hexdigest(), len(facts["files"]), size)

    def manifest(self, directory: Path) -> Manifest:
        """The manifest of a release directory."""
        facts, _ = papers.read(directory)
        if facts is None:
            raise DtsenError("E_MANIFEST", "the release has no readable manifest")
        return facts

    def verify(self, directory: Path, manifest_sha256: str | None = None) -> list[Finding]:
        """Everything that is not as sealed; `manifest_sha256` is what the registry recorded, where at hand.

        Without a signature this finds damage, not forgery: who can write here can seal again.
        """
        facts, content = papers.read(directory)
        if content is None:
            return [Finding("missing", MANIFEST)]
        if facts is None:
            return [Finding("unreadable", MANIFEST)]
        entries: dict[str, dict[str, Any]] = facts["files"]
        findings = [*_differences(directory, entries), *_surplus(directory, {*entries, MANIFEST})]
        if not papers.is_whole(facts, content, manifest_sha256):
            findings.append(Finding("changed", MANIFEST))
        if not findings and papers.sums(entries) != (directory / SUMS).read_bytes():
            findings.append(Finding("changed", SUMS))
        return sorted(findings, key=lambda finding: (finding.name, finding.problem))

    def _remove(self, target: str) -> None:
        """Remove an attempt, and its week where nothing else is in it."""
        parts = target.split("/")
        directory = self.root.joinpath(*parts)
        if len(parts) != 2 or not all(map(NAME.fullmatch, parts)) or not directory.is_dir():  # noqa: PLR2004
            return
        shutil.rmtree(directory)
        with suppress(OSError):
            directory.parent.rmdir()


def _name(text: str) -> str:
    if not NAME.fullmatch(text):
        raise DtsenError("E_RELEASE_UNKNOWN", "a week or release id has letters, digits, dots and dashes only")
    return text


def _walk(directory: Path, below: str = "") -> Iterator[tuple[str, bool]]:
    """Everything but directories that hold something: its path, and whether it is a plain file."""
    entries = sorted(os.scandir(directory), key=lambda entry: entry.name)
    if below and not entries:
        yield below.rstrip("/"), False
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(directory / entry.name, f"{below}{entry.name}/")
        else:
            yield f"{below}{entry.name}", entry.is_file(follow_symlinks=False)


def _close(directory: Path) -> None:
    """Make what was written private and durable."""
    for base, folders, files in os.walk(directory):
        for name in files:
            (Path(base) / name).chmod(PRIVATE_FILE)
            sync(Path(base) / name)
        for name in folders:
            (Path(base) / name).chmod(PRIVATE_DIRECTORY)
        sync(Path(base))
    for parent in (directory.parent, directory.parent.parent):
        sync(parent)


def _describe(directory: Path, facts: Manifest, readme: Callable[[Manifest], str]) -> None:
    """Write the papers for people and tools; each joins the manifest's list."""
    for name, content in ((PACKAGE, papers.datapackage(facts)), (README, readme(facts).encode())):
        write_private(directory / name, content)
        facts["files"][name] = papers.entry(directory / name)
    write_private(directory / SUMS, papers.sums(facts["files"]))
    facts["files"][SUMS] = papers.entry(directory / SUMS)


def _differences(directory: Path, entries: Mapping[str, Mapping[str, Any]]) -> Iterator[Finding]:
    for name, entry in entries.items():
        problem = _compare(directory, name, entry)
        if problem:
            yield Finding(problem, name)


def _compare(directory: Path, name: str, entry: Mapping[str, Any]) -> Problem | None:
    if any((directory / parent).is_symlink() for parent in Path(name).parents if parent != Path()):
        return "odd"
    path = directory / name
    try:
        status = path.lstat()
    except OSError:
        return "missing"
    if not stat.S_ISREG(status.st_mode):
        return "odd"
    if status.st_size != entry["size"] or papers.hash_file(path) != entry["sha256"]:
        return "changed"
    return None


def _surplus(directory: Path, known: Collection[str]) -> Iterator[Finding]:
    """What nobody named: shown by a token, because a name could be a citizen's."""
    for name, is_plain in _walk(directory):
        if name in known:
            continue
        if is_plain:
            yield Finding("extra", f"token {papers.hash_file(directory / name)[:TOKEN_LENGTH]}")
        else:
            yield Finding("odd", "an entry that the manifest does not name and that is no plain file")
