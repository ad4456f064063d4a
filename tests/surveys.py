"""A made-up household survey, and a map of it: half of its welfare hangs on the features, half on luck."""

import csv
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import yaml

COLUMNS = ("spend", "people", "fridge", "w", "note")


def rows(count: int = 300, seed: int = 11) -> list[list[str]]:
    """Lines of a survey, without the header."""
    draw = np.random.default_rng(seed)
    people, fridge = draw.integers(1, 9, count), draw.integers(0, 2, count)
    spend = np.exp(6 - 0.2 * people + 0.6 * fridge + draw.normal(0, 0.5, count))
    weight = draw.integers(1, 4, count)
    return [[f"{s:.4f}", str(p), str(f), str(w), ""] for s, p, f, w in zip(spend, people, fridge, weight, strict=True)]


def wrote_survey(path: Path, lines: list[list[str]], header: tuple[str, ...] = COLUMNS) -> Path:
    """A survey file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *lines])
    return path


def facts_of_map(**changes: Any) -> dict[str, Any]:
    """A survey map."""
    features = [
        _feature("household_size", "anggota.nomor_kartu_keluarga", "people"),
        _feature("owns_refrigerator", "keluarga.aset_bergerak_lemari_es", "fridge"),
    ]
    facts = {
        "title": "Survei contoh",
        "source": "Dibuat untuk uji",
        "effective": date(2026, 1, 1),
        "unit": "keluarga",
        "scope": "kabupaten_kota",
        "outcome": "ln",
        "welfare": "spend",
        "features": features,
    }
    return facts | changes


def sections_of(*regions: tuple[str, ...]) -> list[dict[str, Any]]:
    """Sections of a survey map: 1, 2, ..."""
    return [{"name": f"bagian_{n}", "value": n, "regions": list(codes)} for n, codes in enumerate(regions, start=1)]


def wrote_map(path: Path, **changes: Any) -> Path:
    """A survey map's file."""
    path.write_text(yaml.safe_dump(facts_of_map(**changes), sort_keys=False), encoding="utf-8")
    return path


def _feature(name: str, column: str, variable: str) -> dict[str, Any]:
    words = {"label": name, "label_id": name, "definition": "uji", "reading": "as_is"}
    return {"name": name, **words, "columns": [column], "survey_variable": variable}
