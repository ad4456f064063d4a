"""The field form as the rows of an XLSForm, derived from the field tables: what officers are asked, and when.

A question is called like its column and a choice like its code, so that the profiles of phone forms take the answers
as they are. Every question about a value can be answered with "there is none": a blank always means "not asked".
Texts that belong to no column stand here; what a spreadsheet looks like, in `form_book`.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from dtsen_pipeline.core.entities import BORN, CARD, NAME, SEX
from dtsen_pipeline.core.identity import WITHOUT_VALUES
from dtsen_pipeline.core.presence import NEW, PRESENT
from dtsen_pipeline.queries.labels import GROUPS
from dtsen_pipeline.reference import City, CodeList, code_lists, english_labels, profiles
from dtsen_pipeline.schemas.columns import CLEARED_TEXT, Column, Gate, Kind
from dtsen_pipeline.schemas.tables import VISIT, VISIT_MEMBER, delivered, tables
from dtsen_pipeline.schemas.visit import VISIT as VISIT_GROUP

ID, EN = "Indonesia (id)", "English (en)"
PROFILE = "lapangan_v1_kunjungan"
REPEAT, PLACE, CONSENT = "anggota", "lokasi", "persetujuan"
OUTCOME, PRESENCE, PHOTOS = "hasil_kunjungan", "keberadaan_anggota", "foto"
BY_SYSTEM = frozenset({"id_kunjungan", "lintang", "bujur"})
"""Columns that the phone fills in: the submission's own id, and the place."""
IS_INTERVIEW = f"${{{CONSENT}}} = 'OK'"
DISTRICT, VILLAGE, PARENT = "kode_kecamatan", "kode_kelurahan_desa", "induk"
LONG_LIST, PIXELS = 8, 1600
WITHOUT_TOKEN = frozenset({Kind.DATE, Kind.MOMENT, Kind.COORDINATE, Kind.CARD})
"""Kinds that the contract cannot clear."""
OF_EVERY_PERSON = frozenset({NAME, BORN, SEX})
"""What ids are made from: nobody is without it, so a new member must say it, and the token is no answer."""
LIKE_TOKEN = "^[ ]*([-]+|[Tt][Ii][Dd][Aa][Kk][ _-]*[Aa][Dd][Aa])[ ]*$"  # noqa: S105 - no secret
"""What people write who mean the token."""

Row = Mapping[str, str]


@dataclass(frozen=True)
class Said:
    """A text in both languages."""

    id: str
    en: str

    def under(self, heading: str) -> dict[str, str]:
        """The cells of a translated XLSForm column."""
        return {f"{heading}::{ID}": self.id, f"{heading}::{EN}": self.en}


@dataclass(frozen=True)
class Form:
    """The sheets of an XLSForm; `version` changes whenever a question, a choice or a text does."""

    form_id: str
    version: str
    survey: tuple[Row, ...]
    choices: tuple[Row, ...]
    settings: tuple[Row, ...]


@dataclass(frozen=True)
class Section:
    """Neighbouring columns of one field group, shown on one screen; `name` is its group's in the form."""

    name: str
    group: str
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Part:
    """A section as the office reads of it: whom it asks about, its title in both languages, its questions."""

    table: str
    title: str
    title_en: str
    questions: int


NONE = Said("Ditanyakan, tidak ada yang dapat dicatat", "Asked, there is nothing to record")
TITLE = Said("Verifikasi lapangan DTSEN", "DTSEN field verification")
MEMBERS = Said("Anggota keluarga", "Family member")
WHERE = Said("Lokasi rumah", "Place of the house")
FRONT = Said("Foto rumah tampak depan", "Photo of the house from the front")
INSIDE = Said("Foto rumah tampak dalam", "Photo of the house from inside")
AGREED = Said("Persetujuan keluarga", "Consent of the family")
ZERO_HINT = Said("0 bila tidak ada; kosongkan bila tidak ditanyakan.", "0 if there is none; leave blank if not asked.")
TOKEN_HINT = Said(
    f"Tulis {CLEARED_TEXT} bila ditanyakan dan memang tidak ada; kosongkan bila tidak ditanyakan.",
    f"Write {CLEARED_TEXT} if asked and there is none; leave blank if not asked.",
)
OUTCOME_HINT = Said(
    "Bila keluarga menolak sesudah persetujuan dibacakan, kembali ke sini dan pilih hasil yang sesuai.",
    "If the family refuses after the consent was read out, come back here and choose the outcome.",
)
SIXTEEN = Said("Harus 16 angka.", "It must have 16 digits.")
DIGITS = Said("Angkanya tidak sesuai dengan yang diminta.", "These are not the digits that are asked for.")
NOT_FUTURE = Said("Tanggal tidak boleh sesudah hari ini.", "The date may not lie after today.")
NAMED = Said("Tulis namanya, atau kosongkan.", "Write the name, or leave it blank.")
EXACT_TOKEN = Said(f"Bila memang tidak ada, tulis persis {CLEARED_TEXT}.", f"If there is none, write {CLEARED_TEXT}.")


def form(city: City) -> Form:
    """The form of a city's office."""
    return versioned(tuple(_survey(city)), tuple(_choices(city)))


def versioned(survey: tuple[Row, ...], choices: tuple[Row, ...]) -> Form:
    """The form of these rows, with the version that they have."""
    profile = profiles()[PROFILE]
    form_id = f"dtsen_{profile.family}"
    settings = {"form_title": f"{TITLE.id} / {TITLE.en}", "form_id": form_id, "default_language": ID, "style": "pages"}
    content = json.dumps([survey, choices, settings], sort_keys=True).encode()
    version = f"{profile.version}-{hashlib.sha256(content).hexdigest()[:12]}"
    return Form(form_id, version, survey, choices, (settings | {"version": version},))


def sections(table: str) -> tuple[Section, ...]:
    """The sections of a field table in the order of its columns, photos apart; one that comes back is numbered."""
    names = set(delivered(tables()[table])) - BY_SYSTEM - {PHOTOS}
    asked = [column for column in tables()[table].columns if column.name in names]
    found: list[Section] = []
    for group, members in groupby(asked, key=lambda column: column.group):
        again = sum(section.group == group for section in found)
        found.append(Section(f"{group}_{again + 1}" if again else group, group, tuple(members)))
    return tuple(found)


def outline() -> tuple[Part, ...]:
    """The sections of the form in order, with the number of their questions."""
    asked = [(table, section) for table in (VISIT, VISIT_MEMBER) for section in sections(table)]
    titles = [(table, section, _title(section)) for table, section in asked]
    return tuple(Part(table, title.id, title.en, len(section.columns)) for table, section, title in titles)


def takes_token(column: Column) -> bool:
    """Whether "asked, and there is none" is written as the contract's token: a count from zero has its zero."""
    if column.bit is None or column.required or column.kind in WITHOUT_TOKEN or column.name in OF_EVERY_PERSON:
        return False
    return column.kind is not Kind.COUNT or _low(column) > 0


def _survey(city: City) -> Iterator[Row]:
    yield {"type": "start", "name": "start"}
    yield {"type": "end", "name": "end"}
    yield {"type": "geopoint", "name": PLACE} | WHERE.under("label")
    for section in sections(VISIT):
        yield from _section(section, city, VISIT)
        if section.group == VISIT_GROUP:
            yield _consent(city)
            yield from _photos()
    yield {"type": "begin_repeat", "name": REPEAT, "relevant": IS_INTERVIEW} | MEMBERS.under("label")
    for section in sections(VISIT_MEMBER):
        yield from _section(section, city, VISIT_MEMBER)
    yield {"type": "end_repeat", "name": REPEAT}


def _section(section: Section, city: City, table: str) -> Iterator[Row]:
    yield {"type": "begin_group", "name": section.name, "appearance": "field-list"} | _title(section).under("label")
    for column in section.columns:
        yield _question(column, city, table)
    yield {"type": "end_group", "name": section.name}


def _title(section: Section) -> Said:
    titles = {VISIT_GROUP: "Kunjungan", **GROUPS}
    return Said(titles[section.group], english_labels().groups[section.group])


def _photos() -> Iterator[Row]:
    """Two photos of a family that agreed, and their file names as the reference that the contract keeps."""
    front, inside = f"{PHOTOS}_depan", f"{PHOTOS}_dalam"
    photo = {"type": "image", "relevant": IS_INTERVIEW, "parameters": f"max-pixels={PIXELS}"}
    yield photo | {"name": front} | FRONT.under("label")
    yield photo | {"name": inside} | INSIDE.under("label")
    yield {"type": "calculate", "name": PHOTOS, "calculation": f"concat(${{{front}}}, ' ', ${{{inside}}})"}


def _consent(city: City) -> Row:
    """What is read out before the first question; without it nothing about the family is asked."""
    office = city.name.title()
    text = Said(
        f"Bacakan: Kami petugas Dinas Sosial {office}. Kami mencatat keadaan keluarga ini untuk memutakhirkan DTSEN "
        "(Inpres 4/2025), yang dipakai menetapkan sasaran bantuan. Jawaban disimpan tertutup oleh kantor; keluarga "
        "boleh melihat datanya dan meminta perbaikan (UU 27/2022), dan boleh menolak: tidak ada data yang berubah "
        "karena menolak. Tandai bila sudah dibacakan dan keluarga bersedia.",
        f"Read out: We are officers of the social affairs office of {office}. We record how this family lives to bring "
        "DTSEN up to date (Inpres 4/2025), by which aid is targeted. The office keeps the answers closed; the family "
        "may see its data and ask for correction (Law 27/2022), and may refuse: no data changes because of a refusal. "
        "Tick when this was read out and the family agrees.",
    )
    relevant = _is_one_of(
        OUTCOME, [code for code in code_lists()["hasil_kunjungan"].values if code not in WITHOUT_VALUES]
    )
    row = {"type": "acknowledge", "name": CONSENT, "required": "yes", "relevant": relevant}
    return row | AGREED.under("label") | text.under("hint")


def _question(column: Column, city: City, table: str) -> Row:
    label = Said(column.label, english_labels().columns[column.name])
    row = {"type": _type(column, city), "name": column.name} | label.under("label")
    return row | _required(column, table) | _relevant(column, table) | _filter(column, city) | _check(column, city)


def _type(column: Column, city: City) -> str:
    if column.kind is Kind.CODE or column.name in _places(city):
        return f"select_one {_list_of(column)}"
    if column.kind is Kind.COUNT and not takes_token(column):
        return "integer"
    return {Kind.DATE: "date", Kind.MOMENT: "dateTime"}.get(column.kind, "text")


def _list_of(column: Column) -> str:
    """The list of a column's choices: a code list with or without the token, or a level of regions."""
    if column.codes is None:
        return column.name
    return f"{column.codes}_atau_tidak_ada" if takes_token(column) else column.codes


def _required(column: Column, table: str) -> dict[str, str]:
    """Required of everybody, or of a new member so far as ids are made from it; a member's card is its visit's."""
    if table == VISIT_MEMBER and column.name in OF_EVERY_PERSON:
        return {"required": _is_one_of(PRESENCE, [NEW])}
    is_required = column.required and not (table == VISIT_MEMBER and column.kind is Kind.CARD)
    return {"required": "yes"} if is_required else {}


def _relevant(column: Column, table: str) -> dict[str, str]:
    """Asked in an interview only, of those who live there only, and where no answer closes the column's gate."""
    conditions = [_base(column, table), _open(column.gate)]
    said = " and ".join(condition for condition in conditions if condition)
    return {"relevant": said} if said else {}


def _base(column: Column, table: str) -> str:
    if table == VISIT_MEMBER:
        is_always = column.name == PRESENCE or column.group == "identity"
        return "" if is_always else f"({_is_one_of(PRESENCE, [PRESENT, NEW])})"
    return "" if column.group == VISIT_GROUP or column.name == CARD else IS_INTERVIEW


def _open(gate: Gate | None) -> str:
    """Declared gates alone: behind any other answer a blank would not say "there is none"."""
    return "" if gate is None else " and ".join(f"${{{gate.column}}} != '{code}'" for code in gate.closed_by)


def _filter(column: Column, city: City) -> dict[str, str]:
    """How a long list is shown, and which villages stand in the list of a chosen district."""
    found = {"appearance": "minimal"} if _length(column, city) > LONG_LIST else {}
    if column.name == VILLAGE:
        district = f"${{{DISTRICT}}}"
        found["choice_filter"] = f"{PARENT} = {district} or {district} = '' or name = '{CLEARED_TEXT}'"
    return found


def _length(column: Column, city: City) -> int:
    if column.codes:
        return len(fine(code_lists()[column.codes]))
    return len(_places(city).get(column.name, ()))


def _check(column: Column, city: City) -> dict[str, str]:  # noqa: PLR0911 - one case a kind
    """The constraint of an answer that is typed, its message and its hint."""
    if column.name == OUTCOME:
        return OUTCOME_HINT.under("hint")
    if column.kind is Kind.CODE or column.name in _places(city):
        return {}
    if column.kind is Kind.MOMENT:
        return {"default": "now()"}
    if column.kind is Kind.DATE:
        return {"constraint": ". <= today()"} | NOT_FUTURE.under("constraint_message")
    if column.kind is Kind.COUNT:
        return _count_check(column)
    patterns = [facts["pattern"] for check in column.checks if (facts := check.statistics or {}).get("pattern")]
    if patterns:
        return _digits_check(column, patterns[0])
    other = f"not(regex(., '{LIKE_TOKEN}'))"
    if column.name == NAME:
        return {"constraint": other} | NAMED.under("constraint_message")
    if not takes_token(column):
        return {}
    return (
        {"constraint": f". = '{CLEARED_TEXT}' or {other}"}
        | EXACT_TOKEN.under("constraint_message")
        | TOKEN_HINT.under("hint")
    )


def _count_check(column: Column) -> dict[str, str]:
    low, high = _low(column), _high(column)
    message = Said(f"Antara {low} dan {high}.", f"Between {low} and {high}.").under("constraint_message")
    if not takes_token(column):
        return {"constraint": f". >= {low} and . <= {high}"} | message | ZERO_HINT.under("hint")
    within = f"regex(., '^[0-9]{{1,9}}$') and number(.) >= {low} and number(.) <= {high}"
    return {"constraint": f". = '{CLEARED_TEXT}' or ({within})"} | message | TOKEN_HINT.under("hint")


def _digits_check(column: Column, pattern: str) -> dict[str, str]:
    """Digits that are compared as text and are never a number."""
    is_long = column.kind in {Kind.NIK, Kind.CARD}
    message = (SIXTEEN if is_long else DIGITS).under("constraint_message")
    if not takes_token(column):
        return {"constraint": f"regex(., '{pattern}')", "appearance": "numbers"} | message
    constraint = f". = '{CLEARED_TEXT}' or regex(., '{pattern}')"
    return {"constraint": constraint} | message | TOKEN_HINT.under("hint")


def _low(column: Column) -> int:
    return int(_range(column)["min_value"])


def _high(column: Column) -> int:
    return int(_range(column)["max_value"])


def _range(column: Column) -> Mapping[str, int]:
    return next(check.statistics or {} for check in column.checks if check.name == "in_range")


def _is_one_of(name: str, codes: Iterable[int]) -> str:
    return " or ".join(f"${{{name}}} = '{code}'" for code in codes)


def fine(codes: CodeList) -> dict[int, str]:
    """The answers that officers choose from: the fine ones, since whoever is there sees which it is."""
    coarse = set(codes.tree().values())
    return {code: label for code, label in codes.labels.items() if code not in coarse}


def _choices(city: City) -> Iterator[Row]:
    """Every list that a question uses, once, in the order of the questions."""
    seen: set[str] = set()
    for table in (VISIT, VISIT_MEMBER):
        for column in (column for section in sections(table) for column in section.columns):
            name = _list_of(column)
            if name not in seen and (column.codes or name in _places(city)):
                seen.add(name)
                yield from _codes(column) if column.codes else _places(city)[name]
                if takes_token(column):
                    yield {"list_name": name, "name": CLEARED_TEXT} | NONE.under("label")


def _codes(column: Column) -> Iterator[Row]:
    name = column.codes or ""
    english = english_labels().codes[name]
    for code, label in fine(code_lists()[name]).items():
        yield {"list_name": _list_of(column), "name": str(code)} | Said(label, english[code]).under("label")


def _places(city: City) -> Mapping[str, list[Row]]:
    """The regions of the city by level, as BPS numbers them."""
    province, here = "kode_provinsi", "kode_kabupaten_kota"
    villages = sorted(city.kelurahan, key=lambda place: (place.kecamatan_bps, place.name))
    return {
        province: [_place(province, city.province_bps, city.province)],
        here: [_place(here, city.bps, city.name)],
        DISTRICT: [_place(DISTRICT, code, name) for code, name in sorted(city.kecamatan.items())],
        VILLAGE: [_place(VILLAGE, one.bps, one.name) | {PARENT: one.kecamatan_bps} for one in villages],
    }


def _place(level: str, code: str, name: str) -> dict[str, str]:
    return {"list_name": level, "name": code} | Said(name.title(), name.title()).under("label")
