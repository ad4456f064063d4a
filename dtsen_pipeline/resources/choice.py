"""Which profile a file has: the one whose declared shape it has exactly, else a refusal against the nearest.

The format follows from the first bytes and must agree with the file's suffix; within it, profiles are tried by what
they declare. Nothing about a dialect is guessed. Reading the rows is `delivery`'s work.
"""

import os
from collections.abc import Callable, Sequence
from io import BufferedReader
from pathlib import Path

from dtsen_pipeline.core import forms, intake, sheets
from dtsen_pipeline.reference import Profile, parts, profiles
from dtsen_pipeline.reference.profile import CSV, JSON, XLSX
from dtsen_pipeline.resources.workbook import Limits, Workbook
from dtsen_pipeline.schemas.errors import DtsenError

SUFFIXES = {".csv": CSV, ".xlsx": XLSX, ".json": JSON}
MEGABYTE = 1_000_000
ZIP, OLE = b"PK", b"\xd0\xcf\x11\xe0"
FIRST_BYTES = 4096


def is_data(path: Path) -> bool:
    """Whether a file's name is that of a data file, and not of the note beside one."""
    is_note = path.suffix == ".json" and Path(path.stem).suffix in SUFFIXES
    return path.suffix in SUFFIXES and not is_note


def choose(file: BufferedReader, suffix: str, token: str, wanted: str | None, limits: Limits) -> Profile:
    """The profile of an open file, or the wanted one if the file has its shape; else DtsenError with what differs."""
    known = profiles()
    if wanted is not None and wanted not in known:
        raise DtsenError("E_PROFILE_UNKNOWN", f"no such profile; known: {', '.join(known)}", token=token)
    carried = {name for profile in known.values() for name in profile.carries}
    found = format_of(file, suffix, token)
    named = [known[wanted]] if wanted else [profile for name, profile in known.items() if name not in carried]
    candidates = [profile for profile in named if profile.format == found]
    if not candidates:
        raise DtsenError("E_MAGIC", f"the file is {found.upper()}, and its profile is not", token=token)
    file.seek(0)
    if found == XLSX:
        return _of_workbook(Workbook(file, limits, token).heads(), candidates, token)
    if found == JSON:
        check_size(file, limits.document_mb, token)
        return _of_document(file.read(), candidates, token)
    return _of_text(file.read(intake.HEAD), candidates, token)


def format_of(file: BufferedReader, suffix: str, token: str) -> str:
    """The format by the first bytes; E_MAGIC where the suffix says otherwise."""
    first = file.read(FIRST_BYTES)
    if first.startswith(OLE):
        raise DtsenError("E_MAGIC", "the file is an old or encrypted workbook", token=token)
    is_document = first.removeprefix(intake.UTF8_BOM).lstrip()[:1] in (b"{", b"[")
    found = XLSX if first.startswith(ZIP) else JSON if is_document else CSV
    if first.strip() and SUFFIXES.get(suffix.lower(), found) != found:
        raise DtsenError("E_MAGIC", f"the file is {found.upper()}, which its name does not say", token=token)
    return found


def check_size(file: BufferedReader, most: int, token: str) -> None:
    """Refuse a document of more than so many megabytes before any of it is parsed."""
    if os.fstat(file.fileno()).st_size > most * MEGABYTE:
        detail = f"the document has more than the {most} MB that DTSEN_JSON_MB allows"
        raise DtsenError("E_JSON_LARGE", detail, token=token)


def _of_text(data: bytes, candidates: Sequence[Profile], token: str) -> Profile:
    for profile in candidates:
        if intake.header_of(data, profile) == profile.header:
            return profile
    intake.check_start(data, token)
    line = data.split(b"\n", 1)[0].removesuffix(b"\r").decode("utf-8", errors="replace")
    words = line.replace('"', "").translate(str.maketrans("|;\t", ",,,")).strip().split(",")
    nearest = _nearest(candidates, lambda profile: profile.named(words))
    intake.check_header(line, nearest, token)
    return nearest


def _of_workbook(heads: Sequence[sheets.SheetHead], candidates: Sequence[Profile], token: str) -> Profile:
    names = [head.name for head in heads]
    for profile in candidates:
        places = [sheets.sheet_of(names, part) for part in parts(profile)]
        if all(
            place is not None and sheets.is_head(heads[place], part)
            for place, part in zip(places, parts(profile), strict=True)
        ):
            return profile
    nearest = _nearest(candidates, lambda profile: [name for head in heads for name in profile.named(head.cells)])
    for part in parts(nearest):
        head = heads[sheets.place_of(heads, part, token)]
        if not sheets.is_head(head, part):
            raise intake.header_error(head.cells, part, token)
    return nearest


def _of_document(data: bytes, candidates: Sequence[Profile], token: str) -> Profile:
    document = forms.parse(data, token)
    shaped = [(profile, found) for profile in candidates if (found := forms.submissions(document, profile)) is not None]
    for profile, found in shaped:
        if forms.has_id(found, profile) and not forms.unknown_keys(found, profile):
            return profile
    if not shaped:
        raise DtsenError("E_JSON_SHAPE", "the document is no list of submissions that a profile knows", token=token)
    profile, found = min(shaped, key=lambda pair: len(forms.unknown_keys(pair[1], pair[0])))
    raise forms.shape_error(found, profile, token)


def _nearest(candidates: Sequence[Profile], words_of: Callable[[Profile], Sequence[str]]) -> Profile:
    def likeness(profile: Profile) -> float:
        words, header = set(words_of(profile)), {name for part in parts(profile) for name in part.header}
        return len(words & header) / len(words | header)

    return max(candidates, key=likeness)
