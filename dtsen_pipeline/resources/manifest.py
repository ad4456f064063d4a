"""The papers of a release: manifest, checksums and data package, as bytes and back. No directory is read.

The manifest has one spelling and holds a digest of itself, so that a change of any byte of it shows.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

MANIFEST, SUMS, PACKAGE, README = "manifest.json", "SHA256SUMS", "datapackage.json", "README.md"
SELF = "manifest_digest"
"""In the manifest: the hash of the manifest without this entry."""
NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,99}")
PARQUET = "application/vnd.apache.parquet"

Manifest = dict[str, Any]
Entries = Mapping[str, Mapping[str, Any]]


def encode(facts: Manifest) -> bytes:
    """The manifest's one spelling, with the digest of everything else in it."""
    bare = {name: value for name, value in facts.items() if name != SELF}
    return _spell(bare | {SELF: hashlib.sha256(_spell(bare)).hexdigest()})


def plain(facts: Mapping[str, Any]) -> Manifest:
    """The facts as they come back from JSON; a number that JSON does not know is refused."""
    copy: Manifest = json.loads(json.dumps(facts, allow_nan=False))
    return copy


def is_whole(facts: Manifest, content: bytes, manifest_sha256: str | None = None) -> bool:
    """Whether the bytes are the one spelling of the facts, and the ones that were recorded elsewhere."""
    return encode(facts) == content and manifest_sha256 in (None, hashlib.sha256(content).hexdigest())


def read(directory: Path) -> tuple[Manifest | None, bytes | None]:
    """The manifest and its bytes; no facts where it cannot be used, no bytes where there is no plain file."""
    path = directory / MANIFEST
    if path.is_symlink() or not path.is_file():
        return None, None
    content = path.read_bytes()
    try:
        facts = json.loads(content)
    except (ValueError, RecursionError):
        return None, content
    return (facts if _is_usable(facts) else None), content


def entry(path: Path) -> dict[str, Any]:
    """What the manifest says of one file."""
    return {"sha256": hash_file(path), "size": path.stat().st_size}


def hash_file(path: Path) -> str:
    """The sha256 of a file, in bounded memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sums(entries: Entries) -> bytes:
    """The checksum file, in the form that `sha256sum --check` reads."""
    named = sorted(name for name in entries if name != SUMS)
    return "".join(f"{entries[name]['sha256']}  {name}\n" for name in named).encode()


def datapackage(facts: Manifest) -> bytes:
    """A Frictionless data package; `tables` in the manifest may give each table's `rows` and `columns`."""
    tables: Mapping[str, Mapping[str, Any]] = facts.get("tables", {})
    grouped: dict[str, list[str]] = {}
    for name in facts["files"]:
        grouped.setdefault(name.partition("/")[0], []).append(name)
    resources = [_resource(table, paths, tables.get(table, {})) for table, paths in sorted(grouped.items())]
    package = {"name": f"dtsen-{facts.get('release_id', 'release')}".lower(), "resources": resources}
    return (json.dumps(package, indent=1, ensure_ascii=False) + "\n").encode()


def _resource(table: str, paths: Sequence[str], facts: Mapping[str, Any]) -> Manifest:
    described = {"rows": facts["rows"]} if "rows" in facts else {}
    if "columns" in facts:
        described["schema"] = {"fields": facts["columns"]}
    return {"name": table, "path": sorted(paths), "format": "parquet", "mediatype": PARQUET} | described


def _spell(facts: Manifest) -> bytes:
    return (json.dumps(facts, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _is_usable(facts: object) -> bool:
    files = facts.get("files") if isinstance(facts, dict) else None
    return isinstance(files, dict) and SUMS in files and all(map(_is_listed, files.items()))


def _is_listed(item: tuple[str, object]) -> bool:
    name, facts = item
    is_named = all(NAME.fullmatch(part) for part in name.split("/"))
    return is_named and isinstance(facts, dict) and {"sha256", "size"} <= facts.keys()
