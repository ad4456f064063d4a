"""Welfare, dwelling and assets of a family, and which columns may stand only beside which others.

Welfare is the hidden standard of living; every column shows it through noise of its own.
Shocks are hidden too and no column shows them. Ranking lives in `ranking`.
"""

# ruff: noqa: PLR2004 - shares, ages and codes are the model itself

import numpy as np
from numpy.random import Generator

from dtsen_pipeline.synthetic.draw import BLANK, Bools, Floats, Ints, Table, happens, ladder, share, where

YES, NO = 1, 2

LADDERS: dict[str, tuple[float, dict[int, float]]] = {
    "status_kepemilikan_rumah": (0.25, {5: 0.01, 3: 0.13, 2: 0.15, 4: 0.01, 1: 0.70}),
    "jenis_lantai_terluas": (
        0.60,
        {8: 0.015, 7: 0.003, 9: 0.003, 5: 0.005, 6: 0.19, 4: 0.15, 3: 0.03, 2: 0.56, 1: 0.044},
    ),
    "jenis_dinding_terluas": (0.50, {7: 0.004, 6: 0.004, 4: 0.012, 2: 0.02, 5: 0.003, 3: 0.037, 1: 0.92}),
    "jenis_atap_terluas": (
        0.35,
        {8: 0.004, 7: 0.003, 6: 0.003, 4: 0.05, 3: 0.04, 5: 0.005, 2: 0.855, 1: 0.04},
    ),
    "sumber_air_minum_utama": (
        0.55,
        {11: 0.003, 9: 0.003, 10: 0.002, 8: 0.003, 6: 0.03, 7: 0.009, 5: 0.16, 4: 0.36, 3: 0.13, 2: 0.22,
         1: 0.08},
    ),
    "sumber_penerangan_utama": (0.40, {4: 0.002, 3: 0.003, 2: 0.045, 1: 0.95}),
    "daya_terpasang": (0.65, {1: 0.34, 2: 0.36, 3: 0.20, 4: 0.06, 5: 0.04}),
    "bahan_bakar_utama_memasak": (
        0.55,
        {10: 0.03, 9: 0.004, 8: 0.002, 7: 0.006, 11: 0.003, 12: 0.015, 6: 0.002, 4: 0.85, 1: 0.015, 5: 0.003,
         2: 0.05, 3: 0.02},
    ),
    "fasilitas_bab": (0.55, {6: 0.012, 5: 0.003, 4: 0.01, 3: 0.015, 2: 0.07, 1: 0.89}),
    "jenis_kloset": (0.50, {4: 0.02, 3: 0.015, 2: 0.035, 1: 0.93}),
    "pembuangan_akhir_tinja": (0.50, {6: 0.005, 5: 0.005, 3: 0.06, 4: 0.06, 2: 0.04, 1: 0.83}),
}  # fmt: skip
MOVABLE: dict[str, tuple[float, float]] = {
    "aset_bergerak_lemari_es": (0.65, 0.78),
    "aset_bergerak_ac": (0.65, 0.15),
    "aset_bergerak_pemanas_air": (0.55, 0.03),
    "aset_bergerak_telepon_rumah": (0.30, 0.03),
    "aset_bergerak_tv_datar": (0.50, 0.42),
    "aset_bergerak_emas_perhiasan": (0.55, 0.16),
    "aset_bergerak_komputer_laptop_tablet": (0.60, 0.27),
    "aset_bergerak_sepeda_motor": (0.50, 0.86),
    "aset_bergerak_sepeda": (0.05, 0.44),
    "aset_bergerak_mobil": (0.70, 0.16),
    "aset_bergerak_perahu": (0.0, 0.001),
    "aset_bergerak_kapal_perahu_motor": (0.0, 0.0005),
    "aset_bergerak_smartphone": (0.50, 0.90),
}
FIXED: dict[str, tuple[float, float]] = {
    "aset_tidak_bergerak_lahan_lainnya": (0.45, 0.09),
    "aset_tidak_bergerak_rumah_lainnya": (0.50, 0.06),
}
ASSETS = ("aset_bergerak_tabung_gas", *MOVABLE, *FIXED)
COARSE: dict[str, dict[int, int]] = {
    "jenis_lantai_terluas": {1: 91, 2: 91, 4: 91},
    "jenis_atap_terluas": {3: 91, 4: 91},
    "sumber_air_minum_utama": {1: 91, 2: 91},
    "daya_terpasang": {1: 91, 2: 91, 3: 92, 4: 92, 5: 92},
    "bahan_bakar_utama_memasak": dict.fromkeys(range(1, 7), 91),
    "pembuangan_akhir_tinja": dict.fromkeys(range(3, 7), 91),
}
_LIVESTOCK = {"sapi": 0.02, "kerbau": 0.001, "kuda": 0.001, "babi": 0.001, "kambing_domba": 0.03}
LIVESTOCK = tuple(f"jumlah_ternak_{name}" for name in _LIVESTOCK)
DWELLING = (*LADDERS, "luas_lantai", "kepemilikan_aset", *ASSETS, *LIVESTOCK)
_WIRED = ("lemari_es", "ac", "pemanas_air", "tv_datar", "komputer_laptop_tablet")


def welfare(rng: Generator, size: Ints) -> tuple[Floats, Floats]:
    """Log spending a head against the national mean, and the part of it that no column shows."""
    shock = rng.normal(0, 0.45, len(size)) - (rng.random(len(size)) < 0.04) * rng.exponential(0.8, len(size))
    lasting = rng.normal(0.30, 0.82, len(size)) - 0.13 * (size - 3)
    return lasting, shock


def dwelling(rng: Generator, lasting: Floats) -> Table:
    """Every dwelling, energy, sanitation, asset and livestock column."""
    level = (lasting - lasting.mean()) / lasting.std()
    table: Table = {name: ladder(rng, level, load, shares) for name, (load, shares) in LADDERS.items()}
    area = np.exp(rng.normal(4.05, 0.38, len(level)) + 0.24 * level)
    table["luas_lantai"] = np.clip(area, 8, 600).astype(np.int64)
    for name, (load, rate) in (MOVABLE | FIXED).items():
        table[name] = np.where(happens(rng, level, load, rate), YES, NO)
    _gas(rng, table)
    for name, rate in _LIVESTOCK.items():
        herd = rng.poisson(2.0, len(level)) + 1
        table[f"jumlah_ternak_{name}"] = np.where(rng.random(len(level)) < rate, herd, 0)
    table["id_pelanggan_pln"] = _meters(rng, table["sumber_penerangan_utama"])
    return consistent(table)


def consistent(table: Table) -> Table:
    """Blank what cannot stand beside its governing column, and restate whether anything is owned."""
    wired = table["sumber_penerangan_utama"] == 1
    toilet = np.isin(table["fasilitas_bab"], [1, 2, 3])
    for name in ("daya_terpasang", "id_pelanggan_pln"):
        table[name] = where(wired, table[name])
    for name in ("jenis_kloset", "pembuangan_akhir_tinja"):
        table[name] = where(toilet, table[name])
    dry = table["sumber_penerangan_utama"] == 4
    for name in _WIRED:
        owned = table[f"aset_bergerak_{name}"]
        table[f"aset_bergerak_{name}"] = np.where(dry & (owned == YES), NO, owned)
    known = np.any([table[name] != BLANK for name in ASSETS], axis=0)
    owned = np.any([table[name] == YES for name in ASSETS], axis=0)
    table["kepemilikan_aset"] = where(known, np.where(owned, YES, NO))
    return table


def coarsen(table: Table, rows: Bools) -> None:
    """Replace the codes of some rows by the coarse ones of the other questionnaire."""
    for name, parents in COARSE.items():
        for fine, coarse in parents.items():
            table[name][rows & (table[name] == fine)] = coarse


def _gas(rng: Generator, table: Table) -> None:
    """A large gas cylinder goes with cooking on it, save for a few slips."""
    large = np.isin(table["bahan_bakar_utama_memasak"], [2, 3])
    slip = rng.random(len(large)) < 0.01
    table["aset_bergerak_tabung_gas"] = np.where(large ^ slip, YES, NO)


def _meters(rng: Generator, lighting: Ints) -> Ints:
    """Customer numbers of an invented series, for most metered families."""
    number = 990_000_000_000 + rng.permutation(len(lighting)).astype(np.int64) * 37
    return where((lighting == 1) & (rng.random(len(lighting)) < 0.85), number)


def incomplete(rng: Generator, table: Table, rate: float) -> Ints:
    """Empty the whole dwelling block of a few families, as in data sent back for completion."""
    rows = rng.choice(len(table["luas_lantai"]), share(rate, len(table["luas_lantai"])), replace=False)
    for name in (*DWELLING, "id_pelanggan_pln"):
        table[name][rows] = BLANK
    return rows.astype(np.int64)
