"""What people read instead of codes, and what they do not get to read: labels, sentences and the mask.

Columns are known from the release's manifest, codes from the reference data. No row is opened here.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from types import MappingProxyType
from typing import Any

from dtsen_pipeline.reference import code_lists, profiles

MASK = "•••"
IDENTIFYING = frozenset({"L3", "L4"})
HOME_BIT = 49
PLAIN = MappingProxyType(
    {
        "count": re.compile(r"[0-9]{1,9}"),
        "date": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
        "region": re.compile(r"[0-9]{2,7}"),
        "surrogate": re.compile(r"[0-9a-f]{32}"),
    }
)
LABEL = re.compile(r"[0-9A-Za-z._:+-]{1,40}")
LONG_NUMBER = re.compile(r"[0-9]{9}")
GROUPS: Mapping[str, str] = MappingProxyType(
    {
        "identity": "Identitas",
        "region_address": "Wilayah dan alamat",
        "membership": "Keanggotaan",
        "demography": "Demografi",
        "education": "Pendidikan",
        "work": "Pekerjaan",
        "health": "Kesehatan dan disabilitas",
        "dwelling": "Tempat tinggal",
        "water_sanitation": "Air dan sanitasi",
        "energy": "Energi",
        "assets": "Aset",
        "aid": "Bantuan",
        "register_ktp": "Register KTP",
        "official": "Desil resmi",
        "provenance": "Asal pembaruan",
    }
)
"""The field groups in the order in which people read them."""


@dataclass(frozen=True)
class ColumnFacts:
    """A published column as the manifest describes it."""

    name: str
    label: str
    kind: str
    group: str
    sensitivity: str
    bit: int | None
    codes: str | None
    comes_from: tuple[str, ...] = ()

    @property
    def is_identifying(self) -> bool:
        """Whether its values could point to a person."""
        return self.sensitivity in IDENTIFYING

    def is_in(self, mask: int) -> bool:
        """Whether a lineage mask has this column's bit."""
        return self.bit is not None and bool(mask >> self.bit & 1)


HOME = ColumnFacts("family_id", "Nomor keluarga", "surrogate", "membership", "L2", HOME_BIT, None)


def column_facts(manifest: Mapping[str, Any], table: str) -> tuple[ColumnFacts, ...]:
    """The columns of `keluarga` or `anggota`; a person's family is a column like any other."""
    found = [
        ColumnFacts(
            facts["name"],
            facts["label"],
            facts["kind"],
            facts["group"],
            facts["sensitivity"],
            facts["bit"],
            facts["codes"],
            tuple(facts["from"]),
        )
        for facts in manifest["columns"][table]
        if facts["name"] != HOME.name
    ]
    return (*found, HOME) if table == "anggota" else tuple(found)


def group_title(group: str) -> str:
    """A field group in words."""
    return GROUPS.get(group, group)


def group_order(groups: Iterable[str]) -> list[str]:
    """Field groups in the order in which people read them; unknown ones come last."""
    order = {group: place for place, group in enumerate(GROUPS)}
    return sorted(set(groups), key=lambda group: (order.get(group, len(order)), group))


@cache
def _spellings(codes: str) -> Mapping[str, int]:
    return code_lists()[codes].spellings()


@cache
def _cleared() -> frozenset[str]:
    return frozenset(profile.cleared_token for profile in profiles().values() if profile.cleared_token)


def meaning(column: ColumnFacts, text: str | None) -> str | None:
    """What a coded answer means; none where the column is not coded or the code is unknown."""
    if text is None or column.codes is None:
        return None
    value = _spellings(column.codes).get(text.strip().upper())
    return None if value is None else code_lists()[column.codes].labels[value]


def shown(column: ColumnFacts, text: str | None, *, is_revealed: bool) -> str | None:
    """The text, or the mask where it could identify somebody: by its column, or because it is not what it should be."""
    if text is None or is_revealed or not text.strip():
        return text
    if column.is_identifying or not _is_plain(column, text.strip()):
        return MASK
    return text


def _is_plain(column: ColumnFacts, text: str) -> bool:
    """Whether a text can be nothing but an answer of its column's kind."""
    if text in _cleared():
        return True
    if column.codes is not None:
        return text.upper() in _spellings(column.codes)
    pattern = PLAIN.get(column.kind)
    return pattern is not None and pattern.fullmatch(text) is not None


def plain_label(text: str | None) -> str | None:
    """A version, region or batch as its sender wrote it; the mask where it could hold anything else."""
    if text is None or (LABEL.fullmatch(text) and not LONG_NUMBER.search(text)):
        return text
    return MASK


def as_text(value: object) -> str | None:
    """A published value as text."""
    if value is None:
        return None
    return value.isoformat() if isinstance(value, date) else str(value)
