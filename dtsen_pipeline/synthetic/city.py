"""The truth: every family and person of the city with every true value, fixed before any file is written."""

# ruff: noqa: PLR2004 - shares, ages and codes are the model itself

import numpy as np

from dtsen_pipeline import reference
from dtsen_pipeline.synthetic import events, housing, identity, living, people
from dtsen_pipeline.synthetic.draw import BLANK, Ints, Streams, Table, Texts, pick, share

REGION = "3571"
KTP = (
    "kode_provinsi_ktp",
    "kode_kabupaten_kota_ktp",
    "kode_kecamatan_ktp",
    "kode_kelurahan_desa_ktp",
    "rt_ktp",
    "rw_ktp",
    "dusun_ktp",
    "alamat_ktp",
    "pekerjaan_ktp",
    "pendidikan_akhir_ktp",
)
_OUTSIDE = 3506130001
_NEW_SHARE = 0.015
_JOBS = {
    1: "PETANI",
    8: "KARYAWAN SWASTA",
    11: "BURUH HARIAN LEPAS",
    12: "PEDAGANG",
    13: "SOPIR",
    20: "PEGAWAI NEGERI SIPIL",
    21: "GURU",
    22: "PERAWAT",
}
_STUDIES = {3: "TAMAT SD/SEDERAJAT", 4: "TAMAT SD/SEDERAJAT", 8: "SLTP/SEDERAJAT", 9: "SLTP/SEDERAJAT",
            13: "SLTA/SEDERAJAT", 14: "SLTA/SEDERAJAT", 15: "SLTA/SEDERAJAT", 18: "DIPLOMA I/II",
            19: "DIPLOMA IV/STRATA I", 21: "STRATA II", 23: "BELUM TAMAT SD/SEDERAJAT"}  # fmt: skip


def build(stream: Streams, families: int) -> events.World:
    """A city of `families` families in the first snapshot, and some that come later."""
    total = families + share(_NEW_SHARE, families)
    world = events.unfold(stream("events"), people.members(stream("people"), total), families, total)
    _places(stream, world)
    _dwellings(stream, world)
    _persons(stream, world)
    _ktp(stream, world)
    return world


def members_after(world: events.World) -> Ints:
    """How many members each family has when the officers come."""
    after = world.people["family_after"]
    return np.bincount(after[after >= 0], minlength=len(world.families["is_new"])).astype(np.int64)


def regions(table: Table, kelurahan: Ints) -> None:
    """The four nested region codes."""
    table["kode_kelurahan_desa"] = kelurahan
    table["kode_kecamatan"] = kelurahan // 1_000
    table["kode_kabupaten_kota"] = kelurahan // 1_000_000
    table["kode_provinsi"] = kelurahan // 100_000_000


def _places(stream: Streams, world: events.World) -> None:
    """Where families live, where the register thinks they live, and their cards."""
    rng, table = stream("places"), world.families
    size = len(table["is_new"])
    places = reference.city(REGION).kelurahan
    codes = np.array([int(place.bps) for place in places])
    weight = 0.5 + rng.gamma(2.0, size=len(codes))
    where = rng.choice(len(codes), size, p=weight / weight.sum())
    where = np.concatenate([np.sort(where[: world.first]), np.sort(where[world.first :])])
    district = np.array([int(place.kemendagri.replace(".", "")[:6]) for place in places])[where]
    table["registered_kelurahan"] = np.where(table["is_outside"], _OUTSIDE, codes[where])
    moved = codes[(where + rng.integers(1, len(codes), size)) % len(codes)]
    regions(table, np.where(table["has_moved"], moved, table["registered_kelurahan"]))
    table["district"] = district
    table["rt"], table["rw"] = rng.integers(1, 9, size), rng.integers(1, 13, size)
    table["registered_alamat"] = identity.addresses(stream("addresses"), table["rt"], table["rw"])
    elsewhere = identity.addresses(stream("new addresses"), table["rt"], table["rw"])
    table["alamat"] = np.where(table["has_moved"], elsewhere, table["registered_alamat"])
    recorded = people.TODAY - 1 - rng.integers(0, 7_600, size)
    recorded = np.where(table["is_new"], people.TODAY + rng.integers(1, 60, size), recorded)
    table["card_recorded"] = recorded
    table["nomor_kartu_keluarga"] = identity.family_card(stream("family cards"), district, recorded)


def _dwellings(stream: Streams, world: events.World) -> None:
    before = world.people["family"]
    size = np.bincount(before[before >= 0], minlength=len(world.families["is_new"]))
    lasting, shock = housing.welfare(stream("welfare"), size.astype(np.int64))
    world.families["lasting_welfare"], world.families["hidden_shock"] = lasting, shock
    world.families["welfare"] = lasting + shock
    world.families |= housing.dwelling(stream("housing"), lasting)


def _persons(stream: Streams, world: events.World) -> None:
    table = world.people
    born, sex = table["tanggal_lahir"], table["jenis_kelamin"]
    home = np.where(table["family"] >= 0, table["family"], table["family_after"])
    table["home"] = home
    rng = stream("contradictions")
    size = len(born)
    free = (table["fate"] == events.Fate.PRESENT) & ~world.families["is_new"][home]
    for kind in ("wrong_day", "wrong_sex"):
        table[kind] = np.zeros(size, dtype=np.bool_)
        table[kind][pick(rng, free, share(0.003, size))] = True
        free &= ~table[kind]
    issued = identity.contradict(rng, born, sex, table["wrong_day"], table["wrong_sex"])
    district = world.families["district"][home]
    table["nomor_induk_kependudukan"] = identity.nik(stream("nik"), district, *issued)
    table["nama"] = identity.names(stream("names"), sex)
    table |= living.answers(stream("living"), people.ages(born), sex, world.families["lasting_welfare"][home])
    table["nik_unmatched"] = stream("unmatched").random(size) < 0.12


def _ktp(stream: Streams, world: events.World) -> None:
    """The columns that the population office keeps of a person."""
    rng, table, families = stream("ktp"), world.people, world.families
    home, size = table["home"], len(table["home"])
    codes = np.array([int(place.bps) for place in reference.city(REGION).kelurahan])
    same = rng.random(size) < 0.95
    kelurahan = np.where(same, families["registered_kelurahan"][home], rng.choice(codes, size))
    kelurahan = np.where(rng.random(size) < 0.01, _OUTSIDE, kelurahan)
    coded: Table = {}
    regions(coded, kelurahan)
    table |= {f"{name}_ktp": values for name, values in coded.items()}
    table["rt_ktp"], table["rw_ktp"] = families["rt"][home], families["rw"][home]
    table["dusun_ktp"] = np.full(size, BLANK)
    table["alamat_ktp"] = families["registered_alamat"][home]
    table["pekerjaan_ktp"] = _worded(
        table["lapangan_usaha_dari_pekerjaan_utama"], _JOBS, "BELUM/TIDAK BEKERJA", "WIRASWASTA"
    )
    table["pendidikan_akhir_ktp"] = _worded(
        table["ijazah_tertinggi_yang_dimiliki"], _STUDIES, "TIDAK/BELUM SEKOLAH", "SLTA/SEDERAJAT"
    )


def _worded(codes: Ints, words: dict[int, str], blank: str, other: str) -> Texts:
    lookup = np.full(64, other, dtype=np.object_)
    lookup[63] = blank
    lookup[list(words)] = list(words.values())
    return lookup[np.where(codes == BLANK, 63, codes)]
