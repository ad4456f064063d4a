"""The reference pages of the rules about rows and of counterfactual cards. `docs/generate.py` writes them."""

from dtsen_pipeline.core.editable import EDITABLE, LEFT_OUT, Editable
from dtsen_pipeline.core.rulebook import Rule, rulebook
from dtsen_pipeline.schemas.docs import CONSEQUENCES, grid, page
from dtsen_pipeline.schemas.reasons.ties import TIES
from dtsen_pipeline.schemas.tables import INPUT_TABLES

HEAD = ("Kode", "Akibat", "Kolom", "Arti", "In English", "Dasar")
ASKED_HEAD = ("Isian", "Kolom", "Yang dicoba", "Salinan umum")


def rules_page() -> str:
    """Every rule about rows by table: what follows, the columns it reads, both texts and its source."""
    rules = rulebook()
    return page(
        "Aturan baris",
        "Semua aturan yang memeriksa baris masukan, menurut tabel. Tindakan dan contoh setiap kode ada di "
        "[kode alasan](reason-codes.md); batas dan daftar kode setiap kolom ada di "
        "[kamus data](reference/data-dictionary.md).",
        "Every rule about input rows, by table. Most rules warn: the row is used and the finding counted. Ages are as "
        "of the data date of the snapshot, of a visit's members as of the day of the visit; the rules between rows "
        "judge snapshots only. A code "
        "list that a person has confirmed for the row's source rejects with `E_CODE` where it warned with `W_CODE` "
        "before. No rule changes a value.",
        *(block for name in INPUT_TABLES for block in _section(name, [rule for rule in rules if rule.table == name])),
        "## Baris sah yang tidak ikut",
        "Setelah aturan di atas: anggota tanpa keluarga, kunjungan ke keluarga yang tidak dikenal, dan baris lain yang "
        "tidak dapat diikatkan pada satu keluarga atau orang. "
        "*Valid rows that cannot be tied to one family or person.*",
        grid(HEAD, (_row(Rule(reason, "", ())) for reason in TIES)),
    )


def cards_page() -> str:
    """Every answer that a counterfactual card tries, what it may become, and what the public copy leaves out."""
    return page(
        "Kartu temuan",
        "Isian yang dicoba oleh `dtsen explain --counterfactual`, dan isian yang ditahan dari salinan umum beserta "
        "alasannya. Hanya isian yang menjadi masukan model dan dapat dibuktikan petugas yang dicoba.",
        "What a counterfactual card tries: the answers behind the verifiable inputs of the release's model, with their "
        "bounds. The last column says what the public copy leaves out, and why.",
        grid(ASKED_HEAD, map(_asked, EDITABLE)),
        "## Tidak dicoba",
        grid(("Kolom", "Alasan"), [(f"`{column}`", reason) for column, reason in LEFT_OUT.items()]),
    )


def _asked(one: Editable) -> tuple[str, ...]:
    return one.label, f"`{one.name}`", _bounds(one), f"tidak, {one.withheld}: {one.reason}" if one.withheld else "ya"


def _bounds(one: Editable) -> str:
    if one.is_of_birth and one.within:
        return f"tahun lahir {one.within[0]} sampai +{one.within[1]}"
    if one.within:
        fold = f", paling jauh {one.fold} kali lipat atau 1/{one.fold}" if one.fold else ""
        return f"{one.within[0]} sampai {one.within[1]}{fold}"
    return f"kode {', '.join(map(str, one.codes))}" if one.codes else f"semua kode halus `{one.list_id}`"


def _section(name: str, rules: list[Rule]) -> list[str]:
    return [f"## `{name}`", f"{len(rules)} aturan.", grid(HEAD, map(_row, rules))]


def _row(rule: Rule) -> tuple[str, ...]:
    reason = rule.reason
    severity = CONSEQUENCES[reason.severity].id
    columns = ", ".join(f"`{column}`" for column in rule.columns)
    return f"`{reason.code}`", severity, columns, reason.id, reason.en, reason.basis
