"""A family's place and dwelling: region codes that nest, and answers that cannot stand beside each other.

The same rules judge a family of a snapshot and a visit to one.
"""

# ruff: noqa: PLR2004 - the codes of the answers are the rules themselves

import narwhals as nw

from dtsen_pipeline.core.rules.context import Context, Predicates
from dtsen_pipeline.schemas.columns import CLEARED_TEXT
from dtsen_pipeline.schemas.family import Family

YES, NO = 1, 2
NESTED = (("kode_kabupaten_kota", "kode_provinsi"), ("kode_kecamatan", "kode_kabupaten_kota"),
          ("kode_kelurahan_desa", "kode_kecamatan"))  # fmt: skip
DIGITS = {"kode_provinsi": 2, "kode_kabupaten_kota": 4, "kode_kecamatan": 7}
ELECTRIC = tuple(f"aset_bergerak_{name}" for name in ("lemari_es", "ac", "pemanas_air", "tv_datar",
                                                      "komputer_laptop_tablet"))  # fmt: skip
OWNED = tuple(name for name in Family.to_schema().columns if name.startswith(("aset_bergerak", "aset_tidak")))


def dwelling_rules() -> Predicates:
    """Energy, sanitation and assets against each other."""
    fuel, cylinder = nw.col("bahan_bakar_utama_memasak"), nw.col("aset_bergerak_tabung_gas")
    lighting, toilet = nw.col("sumber_penerangan_utama"), nw.col("fasilitas_bab")
    is_unused = toilet > 3
    has_goods = nw.any_horizontal(*(nw.col(name) == YES for name in ELECTRIC), ignore_nulls=True)
    has_any = nw.any_horizontal(*(nw.col(name) == YES for name in OWNED), ignore_nulls=True)
    return {
        "W_POWER_WITHOUT_METER": (lighting > 1) & (nw.col("daya_terpasang") > 0),
        "W_PLN_ID_WITHOUT_METER": (lighting > 1) & (nw.col("id_pelanggan_pln") != CLEARED_TEXT),
        "W_ELECTRIC_GOODS": (lighting == 4) & has_goods,
        "W_ELECTRIC_COOKING": (lighting == 4) & (fuel == 1),
        "W_GAS_CYLINDER_FUEL": ((cylinder == YES) & fuel.is_in([4, 7, 8, 9, 10]))
        | ((cylinder == NO) & fuel.is_in([2, 3])),
        "W_CLOSET_WITHOUT_TOILET": is_unused & (nw.col("jenis_kloset") > 0),
        "W_DISPOSAL_WITHOUT_TOILET": is_unused & (nw.col("pembuangan_akhir_tinja") > 0),
        "W_ASSETS_DENIED": (nw.col("kepemilikan_aset") == NO) & has_any,
    }


def place_rules(context: Context) -> Predicates:
    """The codes of the domicile against each other and against the city's own villages."""
    village = nw.col("kode_kelurahan_desa")
    is_here = village.str.slice(0, 4) == context.city.bps
    return nesting("") | {"W_VILLAGE_UNKNOWN": is_here & ~village.is_in(list(context.city.by_bps))}


def nesting(suffix: str) -> Predicates:
    """Each region code against the coarser one that it should begin with; `suffix` is `_ktp` for the register's."""
    found = {}
    for fine, coarse in NESTED:
        inner, outer = nw.col(f"{fine}{suffix}"), nw.col(f"{coarse}{suffix}")
        is_answered = (inner != CLEARED_TEXT) & (outer != CLEARED_TEXT)
        found[f"W_REGION_NESTING:{fine}{suffix}"] = is_answered & (inner.str.slice(0, DIGITS[coarse]) != outer)
    return found
