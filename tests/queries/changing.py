"""A family's answers changed in plain Python, and what the rules would say: the judge of counterfactual cards.

Shares no code with the cards: scores come from the oracle, values from the code lists, rules are written out.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from dtsen_pipeline.reference import code_lists
from tests.oracle import scores
from tests.oracle.values import PRESENCE

Row = Mapping[str, Any]
GOODS = ("ac", "komputer_laptop_tablet", "lemari_es", "sepeda", "sepeda_motor", "mobil")
LISTS = {
    "jenis_lantai_terluas": "lantai",
    "jenis_dinding_terluas": "dinding",
    "fasilitas_bab": "bab",
    "status_kepemilikan_rumah": "kepemilikan_rumah",
    "bahan_bakar_utama_memasak": "bahan_bakar",
} | {f"aset_bergerak_{name}": "ya_tidak" for name in GOODS}
OF_MEMBERS = {"ijazah_tertinggi_yang_dimiliki": "ijazah"}
OF_HEADS = {"status_kawin": "status_kawin", "jenis_kelamin": "jenis_kelamin"}
Change = tuple[str, str | None, Any]
"""A column, the id of a person or None, and the answer."""


@dataclass(frozen=True)
class Told:
    """A published family and its persons, the cut-offs and the day of ages."""

    family: Row
    persons: Sequence[Row]
    cuts: Sequence[int]
    on: date

    def changed(self, *changes: Change) -> "Told":
        """The same family with other answers; a good that is there is owned, a closed closet is gone."""
        family, persons = dict(self.family), [dict(one) for one in self.persons]
        for column, person_id, value in changes:
            if person_id is None:
                family[column] = value
                if column.startswith("aset_bergerak") and value == 1:
                    family["kepemilikan_aset"] = 1
                if column == "fasilitas_bab" and value > 3:
                    family |= {"jenis_kloset": None, "pembuangan_akhir_tinja": None}
            else:
                next(one for one in persons if one["person_id"] == person_id)[column] = value
        return Told(family, persons, self.cuts, self.on)

    @property
    def score(self) -> int | None:
        """The verified score."""
        return scores.score(self.family, self.persons, self.on)

    def desil(self, changed: "Told") -> int | None:
        """The estimate with other answers."""
        verified = changed.score
        if verified is None:
            return None
        shadow = self.family["skor_bayangan"]
        point = self.family["skor_estimasi"] - self.family["skor_verifikasi"]
        cut = scores.decile(verified + point, self.cuts)
        return self.family["desil_nasional"] if verified == shadow else cut

    def faults(self) -> set[str]:
        """The rules that the family breaks, of those that the asked answers take part in."""
        family, found = self.family, set[str]()
        fuel, light, gas = (
            family[name]
            for name in ("bahan_bakar_utama_memasak", "sumber_penerangan_utama", "aset_bergerak_tabung_gas")
        )
        electric = any(family[f"aset_bergerak_{name}"] == 1 for name in ("lemari_es", "ac", "komputer_laptop_tablet"))
        if light == 4 and (electric or fuel == 1):
            found.add("light")
        if (gas == 1 and fuel in (4, 7, 8, 9, 10)) or (gas == 2 and fuel in (2, 3)):
            found.add("gas")
        if family["kepemilikan_aset"] == 2 and any(family[f"aset_bergerak_{name}"] == 1 for name in GOODS):
            found.add("assets")
        for person in self.persons:
            found |= {f"{person['person_id']} {fault}" for fault in _of_person(person, self.on)}
        return found | self._between()

    def _between(self) -> set[str]:
        heads = [one for one in self.persons if one["status_hubungan_keluarga"] == 1]
        spouses = [one for one in self.persons if one["status_hubungan_keluarga"] == 2]
        found = set[str]()
        if len(heads) != 1:
            return found
        (head,) = heads
        if spouses and head["status_kawin"] == 1:
            found.add("head unmarried")
        if len(spouses) == 1 and head["jenis_kelamin"] == spouses[0]["jenis_kelamin"]:
            found.add("couple")
        for one in self.persons:
            relation, born, first = one["status_hubungan_keluarga"], one["tanggal_lahir"], head["tanggal_lahir"]
            if None in (born, first):
                continue
            if (relation in (3, 5) and born <= first) or (relation == 6 and born >= first):
                found.add(f"{one['person_id']} generations")
        return found


def _of_person(person: Row, on: date) -> Iterator[str]:
    level, diploma = person["jenjang_tertinggi_yang_diduduki"], person["ijazah_tertinggi_yang_dimiliki"]
    school, years, nik = person["partisipasi_sekolah"], scores.age(person, on), person["nomor_induk_kependudukan"]
    ranks = [sum((code or 0) > last for last in (5, 10, 17, 19)) for code in (level, diploma)]
    if diploma and diploma <= 22 and (school == 1 or (level and ranks[1] > ranks[0])):
        yield "diploma"
    if years is not None and diploma and diploma <= 22 and years < (10, 12, 14, 16, 20)[ranks[1]]:
        yield "diploma age"
    if years is not None and level and years < (5, 10, 13, 15, 19)[ranks[0]]:
        yield "school age"
    if years is not None:
        yield from _of_age(person, years)
    if person["status_hubungan_keluarga"] in (2, 4) and person["status_kawin"] == 1:
        yield "spouse"
    if nik:
        yield from _of_number(person, nik)


def _of_age(person: Row, years: int) -> Iterator[str]:
    difficulties = [
        "penglihatan",
        "pendengaran",
        "berjalan_atau_naik_tangga",
        "menggunakan_tangan_jari",
        "belajar_kemampuan_intelektual",
        "pengendalian_perilaku",
        "berbicara_komunikasi",
        "mengurus_diri",
        "mengingat_berkonsentrasi",
        "kesedihan_depresi",
    ]
    limits = {
        "head age": person["status_hubungan_keluarga"] == 1 and years < 17,
        "married age": (person["status_kawin"] or 0) > 1 and years < 15,
        "work age": person["status_bekerja"] == 1 and years < 13,
        "food age": bool(person["kondisi_gizi"]) and years >= 5,
        "difficulty age": any(person[name] for name in difficulties) and years < 2,
        "oldest": years > 120,
    }
    yield from (name for name, is_broken in limits.items() if is_broken)


def _of_number(person: Row, nik: str) -> Iterator[str]:
    day, month, year = int(nik[6:8]), int(nik[8:10]), int(nik[10:12])
    born: date | None = person["tanggal_lahir"]
    if born and (day % 40 if day > 40 else day, month, year) != (born.day, born.month, born.year % 100):
        yield "number and birth"
    if person["jenis_kelamin"] != (2 if day > 40 else 1):
        yield "number and sex"


def possible(told: Told) -> Iterator[Change]:
    """Every other answer that somebody could find, the whole code lists included."""
    for column, codes in LISTS.items():
        coarse = set(code_lists()[codes].tree().values())
        yield from ((column, None, code) for code in code_lists()[codes].values if code not in coarse)
    area = told.family["luas_lantai"]
    yield from (("luas_lantai", None, size) for size in range(max(8, (area + 1) // 2), min(300, 2 * area) + 1))
    for kind in ("sapi", "kerbau"):
        yield from ((f"jumlah_ternak_{kind}", None, head) for head in range(11))
    for person in told.persons:
        if person[PRESENCE] != 1:
            continue
        is_head = person["status_hubungan_keluarga"] == 1
        yield PRESENCE, person["person_id"], 3
        for column, codes in (OF_MEMBERS | (OF_HEADS if is_head else {})).items():
            yield from ((column, person["person_id"], code) for code in code_lists()[codes].values)
        yield from (("tanggal_lahir", person["person_id"], day) for day in _births(person, told.on))


def _births(person: Row, on: date) -> Iterator[date]:
    born: date | None = person["tanggal_lahir"]
    for years in range(-5, 6):
        if born and years:
            is_leap = (born.month, born.day) == (2, 29) and (born.year + years) % 4
            day = date(born.year + years, born.month, 28 if is_leap else born.day)
            if day <= on:
                yield day


def brute_force(told: Told) -> Iterator[tuple[Change, int, int]]:
    """Every single change that breaks no rule anew, with the estimate and how far the score moves."""
    before, faults = told.family["skor_verifikasi"], told.faults()
    for change in possible(told):
        column, person_id, value = change
        held = told.family if person_id is None else _person(told, person_id)
        changed = told.changed(change)
        desil = told.desil(changed)
        if held[column] == value or desil is None or not changed.faults() <= faults:
            continue
        yield change, desil, int(changed.score or 0) - before


def _person(told: Told, person_id: str) -> Row:
    return next(one for one in told.persons if one["person_id"] == person_id)
