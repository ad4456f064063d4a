"""The JSON that a sender may lay beside a delivery: what was sent, so that what is missing shows.

Any `*.manifest.json` in the folder of a file counts when it lists the file, by name or by checksum. Names serve to
pair and are neither kept nor shown. The manifest of a release is another thing (see `manifest`).
"""

import json
import re
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from dtsen_pipeline.resources.registry import Registry
from dtsen_pipeline.schemas.errors import TOKEN_LENGTH, DtsenError

PATTERN = "*.manifest.json"
LIMIT = 65_536
EVENT = "file.manifest"
UNNAMED = "-"
"""Stands for the name of a listed file, which nobody kept."""
LABEL = re.compile(r"(?!.*[0-9]{16})[0-9A-Za-z._-]{1,40}")
"""What a version, region, batch, device or form may be called: these words are shown outside the secure zone."""


def _label(text: str) -> str:
    if not LABEL.fullmatch(text):
        problem = "an impossible name"
        raise ValueError(problem)
    return text


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, hide_input_in_errors=True)


class Listed(_Strict):
    """One file of a delivery: `rows` counts its data rows, the header apart."""

    name: Annotated[str, Field(pattern=r"^[^/\x00]+$")]
    rows: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Period(_Strict):
    """The days of the visits, both included."""

    first: date
    last: date


class Manifest(_Strict):
    """What a sender says about a delivery; other keys are passed over."""

    files: Annotated[tuple[Listed, ...], Field(min_length=1)]
    batch_id: str | None = None
    region: str | None = None
    period: Period | None = None
    sent_at: AwareDatetime | None = None
    device: str | None = None
    form_version: str | None = None

    def model_post_init(self, _: Any) -> None:
        """Refuse words that could hold more than a label, and a period that ends before it begins."""
        for text in (self.batch_id, self.region, self.device, self.form_version):
            _label(text or "none")
        if self.period and self.period.last < self.period.first:
            problem = "the period ends before it begins"
            raise ValueError(problem)

    def listed(self, name: str, sha256: str) -> Listed | None:
        """The entry of a file: by checksum, else by name."""
        by_sum = [entry for entry in self.files if entry.sha256 == sha256]
        return next(iter(by_sum or [entry for entry in self.files if entry.name == name]), None)

    def facts(self) -> dict[str, Any]:
        """Everything but the names of files, as JSON knows it."""
        return self.model_dump(mode="json", exclude={"files": {"__all__": {"name"}}}, exclude_none=True)


def manifest_beside(path: Path, sha256: str) -> Manifest | None:
    """The manifest that lists this file; E_BATCH_MANIFEST where only broken ones could, or two do."""
    found, is_broken = [], False
    for beside in _beside(path.parent):
        manifest = _read(beside)
        is_broken |= manifest is None
        if manifest is not None and manifest.listed(path.name, sha256):
            found.append(manifest)
    token = sha256[:TOKEN_LENGTH]
    if len(found) > 1:
        raise DtsenError("E_BATCH_MANIFEST", "more than one manifest lists the file", token=token)
    if is_broken and not found:
        raise DtsenError("E_BATCH_MANIFEST", "a manifest in the same folder cannot be read exactly", token=token)
    return found[0] if found else None


def manifest_told(registry: Registry, sha256: str) -> Manifest | None:
    """The latest recorded manifest that lists these bytes, whichever file it lay beside; its names are not kept."""
    told = [event.payload for event in registry.events(EVENT)]
    mine = [facts for facts in told if any(entry["sha256"] == sha256 for entry in facts["files"])]
    if not mine:
        return None
    files = [entry | {"name": UNNAMED} for entry in mine[-1]["files"]]
    return Manifest.model_validate_json(json.dumps(mine[-1] | {"files": files}))


def check_listed(manifest: Manifest, name: str, sha256: str, rows: int, batch_id: str | None) -> None:
    """E_BATCH_MISMATCH where the file is not the one that was sent."""
    entry = manifest.listed(name, sha256)
    problem = None
    if entry is not None and entry.rows != rows:
        problem = f"the manifest tells of {entry.rows} rows, the file has {rows}"
    elif entry is not None and entry.sha256 != sha256:
        problem = "the checksum is not that of the manifest"
    elif manifest.batch_id is not None and batch_id is not None and manifest.batch_id != batch_id:
        problem = "the manifest is that of another batch"
    if problem:
        raise DtsenError("E_BATCH_MISMATCH", problem, token=sha256[:TOKEN_LENGTH])


def missing(manifest: Manifest, path: Path, sha256: str, registry: Registry) -> int:
    """How many of the files that are listed beside this one neither lie in its folder nor came before."""
    own = manifest.listed(path.name, sha256)
    return sum(
        not path.with_name(entry.name).is_file() and not _came(registry, entry.sha256)
        for entry in manifest.files
        if entry != own
    )


def lacking(registry: Registry, sha256: str) -> int | None:
    """How many of the files that a known file's manifest listed beside it did not come yet; none without a manifest.

    Checksums tell, wherever the others came from: a file that was changed on its way has not come.
    """
    told = registry.last_event(EVENT, sha256)
    if told is None:
        return None
    others = {entry["sha256"] for entry in told["files"]} - {sha256}
    return sum(not _came(registry, other) for other in others)


def note_manifest(registry: Registry, sha256: str, manifest: Manifest, now: datetime) -> None:
    """Record what a manifest told of a file, once."""
    told = {"sha256": sha256} | manifest.facts()
    if registry.last_event(EVENT, sha256) != told:
        registry.append_event(EVENT, told, now)


def _came(registry: Registry, sha256: str) -> bool:
    """Whether a file is here and was not refused."""
    known = registry.find_file(sha256)
    return known is not None and known.verdict != "refused"


def spent(folder: Path, registry: Registry) -> list[Path]:
    """The manifests of a folder all of whose files were taken in."""
    found = []
    for beside in _beside(folder):
        manifest = _read(beside)
        if manifest and all(registry.find_file(entry.sha256) for entry in manifest.files):
            found.append(beside)
    return found


def _beside(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.glob(PATTERN)):
        if path.is_file() and not path.is_symlink():
            yield path


def _read(path: Path) -> Manifest | None:
    """A manifest, or none where it cannot be read exactly."""
    try:
        with path.open("rb") as file:
            content = file.read(LIMIT + 1)
        if len(content) > LIMIT:
            return None
        json.loads(content, object_pairs_hook=_unique)
        return Manifest.model_validate_json(content)
    except (OSError, ValidationError, ValueError, RecursionError):
        return None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) != len(pairs):
        problem = "a key stands twice"
        raise ValueError(problem)
    return dict(pairs)
