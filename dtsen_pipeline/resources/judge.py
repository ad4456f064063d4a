"""The population judge: Great Expectations over the profile of a candidate, and nothing else.

Only whether an expectation held is taken from Great Expectations; the figures shown beside it come from
`core.profile`. It is imported inside the one function that uses it: its import takes seconds.
"""

import math
import os
import warnings
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

import pandas as pd

ANALYTICS = "GX_ANALYTICS_ENABLED"
IMPORT_WARNINGS: tuple[tuple[str, type[Warning]], ...] = (
    ("PySpark does not yet fully support pandas", FutureWarning),
    ("module 'sre_(constants|parse)' is deprecated", DeprecationWarning),
)
"""What importing Great Expectations warns of; nothing of it concerns us."""
MISSING = -1.0
"""Stands for a figure that the profile does not have; outside every limit."""


@dataclass(frozen=True)
class Limit:
    """The lowest and the highest acceptable value, both included; no highest means any."""

    low: float = 0.0
    high: float | None = 1.0


@dataclass(frozen=True)
class Thresholds:
    """What a population may look like: a limit for each judged figure of the profile, shares as 0 to 1."""

    keluarga: Limit = Limit(1, None)
    anggota: Limit = Limit(1, None)
    anggota_per_keluarga: Limit = Limit(1, 8)
    keluarga_terbit: Limit = Limit(1, 1)
    anggota_terbit: Limit = Limit(1, 1)
    keluarga_tanpa_jejak: Limit = Limit(0, 0.005)
    anggota_tanpa_jejak: Limit = Limit(0, 0.005)
    kelurahan_hadir: Limit = Limit(1, 1)
    keluarga_di_luar_kelurahan: Limit = Limit(0, 0.01)
    anggota_tanpa_nik: Limit = Limit(0, 0.25)
    keluarga_tidak_lengkap: Limit = Limit(0, 0.10)
    desil_nasional_kosong: Limit = Limit(0, 0.15)
    desil_bergerak_jauh: Limit = Limit(0, 0.02)
    desil_terpadat: Limit = Limit(0, 0.60)
    pergeseran_sebaran: Limit = Limit(0, 0.10)
    kunjungan_tanpa_keluarga: Limit = Limit(0, 0.10)
    baris_ditolak: Limit = Limit(0, 0.05)


LABELS: Mapping[str, tuple[str, str]] = {
    "keluarga": ("Keluarga terbit", "Published families"),
    "anggota": ("Anggota terbit", "Published members"),
    "anggota_per_keluarga": ("Anggota per keluarga", "Members per family"),
    "keluarga_terbit": ("Keluarga terbit dari yang seharusnya", "Published of the expected families"),
    "anggota_terbit": ("Anggota terbit dari yang seharusnya", "Published of the expected members"),
    "keluarga_tanpa_jejak": ("Baris keluarga tanpa jejak", "Family rows that left no trace"),
    "anggota_tanpa_jejak": ("Baris anggota tanpa jejak", "Member rows that left no trace"),
    "kelurahan_hadir": ("Kelurahan yang hadir", "Kelurahan present"),
    "keluarga_di_luar_kelurahan": ("Keluarga di luar kelurahan kota", "Families in none of the kelurahan"),
    "anggota_tanpa_nik": ("Anggota tanpa NIK", "Members without NIK"),
    "keluarga_tidak_lengkap": ("Keluarga tidak lengkap", "Incomplete families"),
    "desil_nasional_kosong": ("Keluarga tanpa desil nasional", "Families without an official decile"),
    "desil_bergerak_jauh": ("Desil bergerak lebih dari 3", "Moved more than 3 deciles"),
    "desil_terpadat": ("Keluarga dalam desil terpadat", "Families in the fullest decile"),
    "pergeseran_sebaran": ("Pergeseran sebaran desil", "Shift of the decile distribution"),
    "kunjungan_tanpa_keluarga": ("Kunjungan tanpa keluarga", "Visits that meet no family"),
    "baris_ditolak": ("Baris ditolak", "Rejected rows"),
}
COUNTED = frozenset({"keluarga", "anggota", "anggota_per_keluarga"})
"""Figures that are no shares."""


@dataclass(frozen=True)
class Judgement:
    """Whether one figure is acceptable, and the figure with its limit for people."""

    name: str
    passed: bool
    figure_text: str


@dataclass(frozen=True)
class Verdict:
    """What the judge says of a population."""

    passed: bool
    results: tuple[Judgement, ...]


def judge(profile: pd.DataFrame, thresholds: Thresholds | None = None) -> Verdict:
    """Judge a profile with the columns figure, count, out_of and value (see `core.profile`)."""
    limits = _limits(thresholds or Thresholds())
    rows = {row["figure"]: row for row in profile.to_dict("records")}
    values = {name: _number(rows.get(name, {}).get("value")) for name in limits}
    held = _expect(pd.DataFrame([values]), limits)
    results = tuple(
        Judgement(name, held.get(name, False), _text(name, rows.get(name, {}), limit)) for name, limit in limits.items()
    )
    return Verdict(all(result.passed for result in results), results)


def render(verdict: Verdict) -> str:
    """The verdict as Markdown, Indonesian first."""
    head = "**Lolos** / *passed*" if verdict.passed else "**Tidak lolos** / *not passed*"
    lines = [head, "", "| | Ukuran / *figure* | Angka / *value* |", "|---|---|---|"]
    return "\n".join([*lines, *_lines(verdict)]) + "\n"


def _lines(verdict: Verdict) -> Iterator[str]:
    for result in sorted(verdict.results, key=lambda result: result.passed):
        indonesian, english = LABELS[result.name]
        mark = "✓" if result.passed else "✗"
        yield f"| {mark} | {indonesian} / *{english}* | {result.figure_text} |"


def _limits(thresholds: Thresholds) -> dict[str, Limit]:
    return {field.name: getattr(thresholds, field.name) for field in fields(thresholds)}


def _number(value: Any) -> float:
    return float(value) if value is not None and math.isfinite(value) else MISSING


def _expect(wide: pd.DataFrame, limits: Mapping[str, Limit]) -> dict[str, bool]:
    """Whether the single value of each column lies within its limit, as Great Expectations finds it."""
    os.environ.setdefault(ANALYTICS, "false")
    with warnings.catch_warnings():
        for message, category in IMPORT_WARNINGS:
            warnings.filterwarnings("ignore", message, category)
        import great_expectations as gx  # noqa: PLC0415 - takes seconds, see the module's docstring
        from great_expectations.data_context.types import base  # noqa: PLC0415

        in_memory = base.DataContextConfig(
            store_backend_defaults=base.InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
            progress_bars=base.ProgressBarsConfig(globally=False, metric_calculations=False),
        )
        context = gx.get_context(mode="ephemeral", project_config=in_memory)
        asset = context.data_sources.add_pandas("candidate").add_dataframe_asset("profile")
        whole = asset.add_batch_definition_whole_dataframe("whole")
        expectations = [
            gx.expectations.ExpectColumnValuesToBeBetween(column=name, min_value=limit.low, max_value=limit.high)
            for name, limit in limits.items()
        ]
        suite = gx.ExpectationSuite(name="population", expectations=expectations)
        batch = whole.get_batch({"dataframe": wide})
        found = batch.validate(suite, result_format="BOOLEAN_ONLY")
    return {result.expectation_config.kwargs["column"]: result.success is True for result in found.results}


def _text(name: str, row: Mapping[Hashable, Any], limit: Limit) -> str:
    if _number(row.get("value")) == MISSING:
        return "tidak ada angka / no figure"
    shown = _shown(name, float(row["value"]))
    if not (pd.isna(row["count"]) or pd.isna(row["out_of"])):
        shown = f"{_whole(row['count'])} / {_whole(row['out_of'])} = {shown}"
    return f"{shown} (batas {_bounds(name, limit)})"


def _bounds(name: str, limit: Limit) -> str:
    low = _shown(name, limit.low)
    if limit.high is None:
        return f"≥ {low}"
    high = _shown(name, limit.high)
    if limit.low == limit.high:
        return f"= {high}"
    return f"{low} … {high}" if limit.low else f"≤ {high}"


def _shown(name: str, value: float) -> str:
    """A number in the Indonesian manner: 1.997 and 5,03 %."""
    number, unit = (value, "") if name in COUNTED else (100 * value, " %")
    exact = round(number, 6)
    text = _whole(exact) if exact == int(exact) else f"{exact:.2f}".replace(".", ",")
    return text + unit


def _whole(value: float) -> str:
    return f"{int(value):,}".replace(",", ".")
