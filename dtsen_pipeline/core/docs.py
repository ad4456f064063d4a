"""The reference page of the rules about rows, rendered from the rule book. `docs/generate.py` writes it."""

from dtsen_pipeline.core.rulebook import Rule, rulebook
from dtsen_pipeline.schemas.docs import CONSEQUENCES, grid, page
from dtsen_pipeline.schemas.tables import INPUT_TABLES

HEAD = ("Kode", "Akibat", "Kolom", "Arti", "In English", "Dasar")


def rules_page() -> str:
    """Every rule about rows by table: what follows, the columns it reads, both texts and its source."""
    rules = rulebook()
    return page(
        "Aturan baris",
        "Semua aturan yang memeriksa baris masukan, menurut tabel. Tindakan dan contoh setiap kode ada di "
        "[kode alasan](reason-codes.md); batas dan daftar kode setiap kolom ada di "
        "[kamus data](reference/data-dictionary.md).",
        "Every rule about input rows, by table. Most rules warn: the row is used and the finding counted. Ages are as "
        "of the data date of the snapshot; the rules about ages and those between rows judge snapshots only. A code "
        "list that a person has confirmed rejects with `E_CODE` where it warned with `W_CODE` before. No rule changes "
        "a value.",
        *(block for name in INPUT_TABLES for block in _section(name, [rule for rule in rules if rule.table == name])),
    )


def _section(name: str, rules: list[Rule]) -> list[str]:
    return [f"## `{name}`", f"{len(rules)} aturan.", grid(HEAD, map(_row, rules))]


def _row(rule: Rule) -> tuple[str, ...]:
    reason = rule.reason
    severity = CONSEQUENCES[reason.severity].id
    columns = ", ".join(f"`{column}`" for column in rule.columns)
    return f"`{reason.code}`", severity, columns, reason.id, reason.en, reason.basis
