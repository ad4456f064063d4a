"""What every model input is: its Indonesian name and unit, the columns it comes from, and how an officer can prove it.

And what it may be where it is missing: `Joint` inputs take one of a few values together, `Counted` ones lie between
two counts. How a value is computed stands in `features`, weights in the model files.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from types import MappingProxyType

import narwhals as nw

from dtsen_pipeline.core.features import FLOOR_CAP, THOUSAND

OLDEST = 120
"""No completion is older; ages count from 0."""
LEAST_AREA, MOST_AREA = 1, 997
"""Square metres that the contract allows."""
Weights = Mapping[str, int]
Range = tuple[nw.Expr, nw.Expr]


class Proof(StrEnum):
    """What an officer's finding rests on."""

    SEEN = "dilihat"
    PAPER = "dokumen"
    TOLD = "keterangan"


@dataclass(frozen=True)
class Declared:
    """One model input. `columns` are those of the release that it comes from, with their table."""

    name: str
    label: str
    unit: str
    columns: tuple[str, ...]
    proof: Proof

    @property
    def is_verifiable(self) -> bool:
        """Whether an officer can check it against something other than what the family says."""
        return self.proof is not Proof.TOLD


HEAD = "anggota.status_hubungan_keluarga"
CARD, BORN, SEX = "anggota.nomor_kartu_keluarga", "anggota.tanggal_lahir", "anggota.jenis_kelamin"
MARITAL, SCHOOL = "anggota.status_kawin", "anggota.partisipasi_sekolah"
GRADE, CERTIFICATE = "anggota.jenjang_tertinggi_yang_diduduki", "anggota.ijazah_tertinggi_yang_dimiliki"
STAGES = ("sd", "smp", "sma")
TITLES = {"sd": "SD", "smp": "SMP", "sma": "SMA atau lebih tinggi"}
FLAG, PEOPLE = "1 ya, 0 tidak", "orang"


def _flag(name: str, label: str, *columns: str, proof: Proof = Proof.SEEN) -> Declared:
    return Declared(name, label, FLAG, columns, proof)


def _owned(name: str, label: str, asset: str) -> Declared:
    return _flag(name, f"Memiliki {label}", f"keluarga.aset_bergerak_{asset}")


def _family() -> list[Declared]:
    return [
        Declared(
            "floor_area_per_head",
            "Luas lantai per anggota, paling banyak 30 m²",
            "sepersepuluh m² per orang",
            ("keluarga.luas_lantai", CARD),
            Proof.SEEN,
        ),
        _flag("floor_not_earth", "Lantai terluas bukan tanah", "keluarga.jenis_lantai_terluas"),
        _flag("wall_brick_or_cement", "Dinding tembok atau plesteran", "keluarga.jenis_dinding_terluas"),
        _flag("private_toilet", "Fasilitas buang air besar sendiri", "keluarga.fasilitas_bab"),
        _flag("no_firewood", "Memasak tanpa kayu bakar", "keluarga.bahan_bakar_utama_memasak"),
        _flag("owns_house", "Rumah milik sendiri", "keluarga.status_kepemilikan_rumah", proof=Proof.PAPER),
        _owned("owns_ac", "pendingin udara (AC)", "ac"),
        _owned("owns_computer", "komputer, laptop, atau tablet", "komputer_laptop_tablet"),
        _owned("owns_refrigerator", "lemari es", "lemari_es"),
        _owned("owns_bicycle", "sepeda", "sepeda"),
        _owned("owns_motorcycle", "sepeda motor", "sepeda_motor"),
        _owned("owns_car", "mobil", "mobil"),
        _flag(
            "owns_cattle", "Memiliki sapi atau kerbau", "keluarga.jumlah_ternak_sapi", "keluarga.jumlah_ternak_kerbau"
        ),
    ]


def _members() -> list[Declared]:
    return [
        Declared("household_size", "Jumlah anggota keluarga", PEOPLE, (CARD,), Proof.SEEN),
        Declared(
            "member_share", "Bagian tiap anggota: seribu dibagi jumlah anggota", "per seribu", (CARD,), Proof.SEEN
        ),
        Declared("head_age", "Umur kepala keluarga", "tahun", (HEAD, BORN), Proof.PAPER),
        Declared("head_age_squared", "Kuadrat umur kepala keluarga", "tahun, dikuadratkan", (HEAD, BORN), Proof.PAPER),
        _flag("head_male", "Kepala keluarga laki-laki", HEAD, SEX, proof=Proof.PAPER),
        _flag("head_married", "Kepala keluarga berstatus kawin", HEAD, MARITAL, proof=Proof.PAPER),
        _flag("head_male_married", "Kepala keluarga laki-laki dan kawin", HEAD, SEX, MARITAL, proof=Proof.PAPER),
        Declared("children_0_4", "Jumlah anak umur 0-4 tahun", PEOPLE, (BORN,), Proof.PAPER),
        Declared("children_0_14", "Jumlah anak umur 0-14 tahun", PEOPLE, (BORN,), Proof.PAPER),
        Declared("elders", "Jumlah anggota umur 65 tahun ke atas", PEOPLE, (BORN,), Proof.PAPER),
    ]


def _schooling() -> list[Declared]:
    found = []
    for stage, title in TITLES.items():
        pupils = f"Jumlah anak yang bersekolah di jenjang {'SMA' if stage == 'sma' else title}"
        head, highest = f"Ijazah tertinggi kepala keluarga {title}", f"Ijazah tertinggi dalam keluarga {title}"
        of_head, of_all = (HEAD, SCHOOL, CERTIFICATE), (BORN, SCHOOL, CERTIFICATE)
        found += [
            Declared(f"children_in_{stage}", pupils, PEOPLE, (BORN, SCHOOL, GRADE), Proof.TOLD),
            _flag(f"head_completed_{stage}", head, *of_head, proof=Proof.PAPER),
            _flag(f"highest_completed_{stage}", highest, *of_all, proof=Proof.PAPER),
        ]
    return found


DECLARED: Mapping[str, Declared] = MappingProxyType({one.name: one for one in (*_members(), *_schooling(), *_family())})
"""Every input that a model may name."""


@dataclass(frozen=True)
class Joint:
    """Inputs that share their cells; `values` are all values that they can have together, in the order of `names`."""

    names: tuple[str, ...]
    values: tuple[tuple[int, ...], ...]
    is_partly_known: bool = False

    def range(self, known: Mapping[str, nw.Expr], weights: Weights) -> Range:
        """The least and the most that they can add to a score."""
        costs = [sum(weights.get(n, 0) * v for n, v in zip(self.names, value, strict=True)) for value in self.values]
        if not self.is_partly_known:
            total = _total(known, self.names, weights)
            low, high = (nw.coalesce(total, nw.lit(edge, dtype=nw.Int64)) for edge in (min(costs), max(costs)))
            return low, high
        ordered = sorted(zip(costs, self.values, strict=True))
        return self._first(known, ordered), self._first(known, ordered[::-1])

    def _first(self, known: Mapping[str, nw.Expr], ordered: list[tuple[int, tuple[int, ...]]]) -> nw.Expr:
        """The cost of the first values that what is known allows."""
        allowed = []
        for cost, values in ordered:
            fits = [
                known[name].is_null() | (known[name] == value) for name, value in zip(self.names, values, strict=True)
            ]
            allowed.append(nw.when(*fits).then(nw.lit(cost, dtype=nw.Int64)))
        return nw.coalesce(*allowed)


@dataclass(frozen=True)
class Counted:
    """An input that lies between two numbers of its household where it is missing."""

    names: tuple[str]
    least: nw.Expr
    most: nw.Expr

    def range(self, known: Mapping[str, nw.Expr], weights: Weights) -> Range:
        """The least and the most that it can add to a score."""
        weight = weights.get(self.names[0], 0)
        total = _total(known, self.names, weights)
        edges = [nw.coalesce(total, (edge * weight).cast(nw.Int64)) for edge in (self.least, self.most)]
        low, high = edges if weight >= 0 else edges[::-1]
        return low, high


def _total(known: Mapping[str, nw.Expr], names: tuple[str, ...], weights: Weights) -> nw.Expr:
    total = nw.lit(0, dtype=nw.Int64)
    for name in names:
        total = total + known[name] * nw.lit(weights.get(name, 0), dtype=nw.Int64)
    return total.cast(nw.Int64)


def bundles() -> tuple[Joint | Counted, ...]:
    """Every declared input once, with those that share their cells; over a family row joined with its `household`."""
    one_level = ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1))
    people, undated = nw.col("n"), nw.col("undated")
    unschooled = nw.col("school_gaps") + undated
    share = nw.lit(THOUSAND, dtype=nw.Int64) // people
    most_area = nw.lit(MOST_AREA * 10, dtype=nw.Int64) // people
    capped = nw.when(most_area > FLOOR_CAP).then(nw.lit(FLOOR_CAP, dtype=nw.Int64)).otherwise(most_area)
    counts = {
        "household_size": (people, people),
        "member_share": (share, share),
        **{name: (nw.col(name), nw.col(name) + undated) for name in ("children_0_4", "children_0_14", "elders")},
        "floor_area_per_head": (nw.lit(LEAST_AREA * 10, dtype=nw.Int64) // people, capped),
        **{f"children_in_{stage}": (nw.col(f"in_{stage}"), nw.col(f"in_{stage}") + unschooled) for stage in STAGES},
    }
    joint = [
        Joint(("head_age", "head_age_squared"), tuple((age, age * age) for age in range(OLDEST + 1))),
        Joint(
            ("head_male", "head_married", "head_male_married"),
            tuple((male, married, male * married) for male, married in product((0, 1), repeat=2)),
            is_partly_known=True,
        ),
        *(Joint(tuple(f"{who}_completed_{stage}" for stage in STAGES), one_level) for who in ("head", "highest")),
    ]
    taken = {name for bundle in joint for name in bundle.names} | counts.keys()
    flags = [Joint((name,), ((0,), (1,))) for name, one in DECLARED.items() if name not in taken and one.unit == FLAG]
    return (*(Counted((name,), *edges) for name, edges in counts.items()), *joint, *flags)
