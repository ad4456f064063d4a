"""From a family card number or NIK to surrogate ids, and from a kelurahan to its families.

The number comes from standard input and leaves no trace: neither the answer nor the log repeats it.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

import polars as pl

from dtsen_pipeline.queries.access import Look, check_purpose, note
from dtsen_pipeline.queries.cards import families_by_card
from dtsen_pipeline.queries.rawtext import Pointer, RawRows
from dtsen_pipeline.queries.reading import ENTITY_ID, View, fetched
from dtsen_pipeline.queries.sources import VISIT
from dtsen_pipeline.reference import city
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.schemas.errors import DtsenError

NUMBER = re.compile(r"[0-9]{16}")
FAMILY, PERSON = "keluarga", "anggota"
CARD, NIK, VILLAGE = "nomor_kartu_keluarga", "nomor_induk_kependudukan", "kode_kelurahan_desa"
DIGITS = 10


@dataclass(frozen=True)
class Found:
    """What one number led to; `line` is its place among the numbers that were given."""

    line: int
    families: tuple[str, ...]
    persons: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nobody was found."""
        return not self.families and not self.persons


@dataclass(frozen=True)
class Listed:
    """A family of a kelurahan."""

    family_id: str
    desil_nasional: int | None
    desil_estimasi: int | None
    is_lengkap: bool


@dataclass(frozen=True)
class Entities:
    """Families and persons by id."""

    families: set[str] = field(default_factory=set)
    persons: set[str] = field(default_factory=set)


_NOBODY = Entities()


def numbers_of(text: str) -> list[str]:
    """The numbers in a text, one a line; raises E_NUMBER_INPUT for a line that is not 16 digits."""
    lines = [line.strip() for line in text.splitlines()]
    numbers = [line for line in lines if line]
    for place, line in enumerate(lines, start=1):
        if line and not NUMBER.fullmatch(line):
            raise DtsenError("E_NUMBER_INPUT", "a line is not a number of 16 digits", line=place)
    if not numbers:
        raise DtsenError("E_NUMBER_INPUT", "standard input holds no number")
    return numbers


def find(platform: Platform, view: View, numbers: Sequence[str], look: Look, village: str | None = None) -> list[Found]:
    """The families and persons behind each number, in `village` only where one is named."""
    check_purpose(look)
    note(platform.registry, look, "find", release_id=view.release_id)
    known = _published(view, numbers)
    lost = [number for number in numbers if number not in known]
    known |= _delivered(platform, view, lost)
    for card, family in families_by_card(platform, view, lost).items():
        known.setdefault(card, Entities()).families.add(family)
    found = [
        Found(place, *_inside(view, known.get(number, _NOBODY), village))
        for place, number in enumerate(numbers, start=1)
    ]
    for subject in sorted({entity for one in found for entity in (*one.families, *one.persons)}):
        note(platform.registry, look, "find", subject=subject, release_id=view.release_id)
    return found


def families_of(platform: Platform, view: View, village: str, look: Look, limit: int) -> tuple[int, list[Listed]]:
    """How many families a kelurahan has, and the first of them by id."""
    check_purpose(look)
    note(platform.registry, look, "find", release_id=view.release_id)
    names = ["family_id", "desil_nasional", "desil_estimasi", "is_lengkap"]
    rows = fetched(view.scan("keluarga").filter(pl.col(VILLAGE) == village).select(names))
    listed = [Listed(**row) for row in rows.sort("family_id").head(limit).to_dicts()]
    for family in listed:
        note(platform.registry, look, "find", subject=family.family_id, release_id=view.release_id)
    return rows.height, listed


def village_code(platform: Platform, text: str) -> str:
    """The BPS code of a kelurahan that is named, or given by its BPS or Kemendagri code."""
    place = city(platform.settings.city)
    digits = text.replace(".", "")
    if digits.isdecimal() and len(digits) == DIGITS:
        code = place.crosswalk.get(digits, digits)
        if code in place.by_bps:
            return code
    wanted = text.strip().casefold()
    for name, code in place.spellings().items():
        if name.casefold() == wanted:
            return code
    raise DtsenError("E_VILLAGE_UNKNOWN", f"{place.name} has no kelurahan of that name or code")


def _published(view: View, numbers: Sequence[str]) -> dict[str, Entities]:
    """Families and persons by the numbers under which they are published."""
    wanted = list(numbers)
    families = view.scan(FAMILY).filter(pl.col(CARD).is_in(wanted)).select(CARD, "family_id")
    persons = view.scan(PERSON).filter(pl.col(NIK).is_in(wanted)).select(NIK, "person_id")
    found: dict[str, Entities] = {}
    for number, family in fetched(families).rows():
        found.setdefault(number, Entities()).families.add(family)
    for number, person in fetched(persons).rows():
        found.setdefault(number, Entities()).persons.add(person)
    return found


def _delivered(platform: Platform, view: View, numbers: Sequence[str]) -> dict[str, Entities]:
    """Families and persons by numbers that stand in their rows but were corrected since."""
    if not numbers:
        return {}
    rows = RawRows(platform)
    stated: dict[Pointer, str] = {}
    for source in view.sources:
        token, column = source["sha256"][:12], CARD if source["table"] in (FAMILY, VISIT) else NIK
        for row, raw in rows.search(token, numbers, source["table"]).items():
            if raw[column].strip() in numbers:
                stated[token, row] = raw[column].strip()
    found: dict[str, Entities] = {}
    for table, pointer, entity in _tied(view, stated):
        entities = found.setdefault(stated[pointer], Entities())
        (entities.families if table == FAMILY else entities.persons).add(entity)
    return found


def _tied(view: View, pointers: Collection[Pointer]) -> Iterator[tuple[str, Pointer, str]]:
    """The entities whose base row, lineage or conflict names one of these rows."""
    is_named = pl.col("src").is_in([src for src, _ in pointers]) & pl.col("row").is_in([row for _, row in pointers])
    scans = [
        view.scan(table).select("src", "row", tabel=pl.lit(table), entity_id=ENTITY_ID[table])
        for table in (FAMILY, PERSON)
    ]
    scans += [view.scan(table).select("src", "row", "tabel", "entity_id") for table in ("lineage", "conflict")]
    for src, row, table, entity in fetched(pl.concat(scans).filter(is_named)).rows():
        if (src, row) in pointers:
            yield table, (src, row), entity


def _inside(view: View, known: Entities, village: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The families, and the persons with their homes, that lie in a kelurahan; all where none is named."""
    if village is None:
        return tuple(sorted(known.families)), tuple(sorted(known.persons))
    homes = fetched(view.scan(FAMILY).filter(pl.col(VILLAGE) == village).select("family_id"))["family_id"]
    people = view.rows(PERSON, pl.col("person_id").is_in(list(known.persons)), pl.col("family_id").is_in(homes))
    families = known.families & set(homes)
    return tuple(sorted(families)), tuple(sorted(person["person_id"] for person in people))
