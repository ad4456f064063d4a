"""The reference pages as Markdown, rendered from the models, the code lists and the reasons.

Pure functions of declared facts: nothing here opens a file. `docs/generate.py` writes the pages.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

import pandera.polars as pa

from dtsen_pipeline.reference import CodeList, code_lists, merge_policy
from dtsen_pipeline.schemas.civil import CivilStatus
from dtsen_pipeline.schemas.columns import CLEARED_TEXT, Column, Gate, Sensitivity, columns
from dtsen_pipeline.schemas.family import Family
from dtsen_pipeline.schemas.member import Member
from dtsen_pipeline.schemas.reasons import (
    CLASHES,
    DECISIONS,
    EVENT_TEXTS,
    FATE_TEXTS,
    INCOMPLETE_TEXTS,
    REASONS,
    Reason,
    Severity,
    Text,
)
from dtsen_pipeline.schemas.reasons.examples import DATA_DATE, EXAMPLES, SOUND, Example
from dtsen_pipeline.schemas.reasons.situations import SITUATIONS
from dtsen_pipeline.schemas.release import FAMILY_BIT, KEYS, PRESENCE_BIT, TABLES, polars_types
from dtsen_pipeline.schemas.tables import (
    FAMILY,
    FIELD_TABLES,
    MEMBER,
    REGISTER,
    REGISTERED,
    VISIT,
    VISIT_MEMBER,
    Table,
    tables,
)
from dtsen_pipeline.schemas.visit import PresenceHead, VisitHead

NOTICE = "<!-- Generated from the models. Do not edit: change the models and run `make docs`. -->"
COLUMN_HEAD = ("Kolom", "Arti", "Jenis", "Isi yang sah", "Kelompok", "Kelas", "Bit", "Wajib", "Dari")
DECLARED: Mapping[str, type[pa.DataFrameModel]] = MappingProxyType(
    {FAMILY: Family, MEMBER: Member, VISIT: VisitHead, VISIT_MEMBER: PresenceHead, REGISTER: CivilStatus}
)
BROUGHT = {VISIT: FAMILY, VISIT_MEMBER: MEMBER}
CLASSES = {
    Sensitivity.PERSONAL: "menunjuk seseorang, atau data pribadi spesifik (kesehatan, keuangan)",
    Sensitivity.QUASI: "dapat menunjuk seseorang bila digabung dengan kolom lain",
    Sensitivity.ROW: "tidak menunjuk seseorang, tetapi tetap data per baris",
}
CONSEQUENCES = {
    Severity.REJECTS: Text("Baris ditolak", "The row is rejected and can be corrected."),
    Severity.WARNS: Text("Peringatan", "The row or file is used, and the finding is counted."),
    Severity.HOLDS: Text("Ditahan", "The row or file waits until a person decides."),
    Severity.SUPERSEDES: Text("Tergantikan", "The row is valid, and another stands for it."),
    Severity.OUT_OF_SCOPE: Text("Di luar cakupan", "The row is not this city's to verify."),
    Severity.REFUSES_FILE: Text("Berkas ditolak", "The file is refused as a whole; its bytes are kept."),
    Severity.STATE: Text("Keadaan", "A command stops or a file waits; no row is judged."),
}


def data_dictionary() -> str:
    """The columns of the input tables, their code lists, field groups and sensitivity classes."""
    return page(
        "Kamus data",
        "Setiap kolom tabel masukan beserta daftar kodenya.",
        "Every column of the input tables as it is declared, and the code lists it refers to.",
        *(block for table in tables().values() for block in _input_table(table)),
        "## Kelompok kolom",
        "How long a verified value of a group stands against a newer snapshot (visit to data date).",
        _groups(),
        "## Kelas kerahasiaan",
        grid(("Kelas", "Arti"), ((level.value, CLASSES[level]) for level in Sensitivity)),
        "## Daftar kode",
        "A list is *inferred* while nobody has confirmed its numbers against a delivered file. A coarse code "
        "agrees with the finer codes that it covers.",
        *(block for codes in code_lists().values() for block in _code_list(codes)),
    )


def reason_codes() -> str:
    """Every reason code by what follows from it."""
    return page(
        "Kode alasan",
        "E menolak atau menghentikan, W memperingatkan, H menahan, S tergantikan, O di luar cakupan. Temuan tentang "
        "satu kolom menyebut kolomnya.",
        "E rejects or stops, W counts, H holds, S is superseded, O is out of scope. A finding about one column names "
        "it: `E_RANGE:luas_lantai`. A code keeps its meaning for ever.",
        "Setiap kode memiliki contoh yang memicunya. Contoh temuan baris menyebut yang berubah dari baris di bawah, "
        f"pada tanggal data {DATA_DATE}; contoh lain adalah sebuah keadaan. "
        "*Every code has an example that triggers it: for a finding about a row what differs from the rows below, else "
        "a situation. A test brings them all about.*",
        "\n".join(f"- {_changed(name, cells)}" for name, cells in SOUND.items()),
        *(block for severity in Severity for block in _reasons(severity)),
    )


def release_tables() -> str:
    """The tables of a release with their keys, types and rules, and the words that stand in them."""
    return page(
        "Tabel rilis",
        "Isi sebuah rilis. Setiap tabel terurut menurut kuncinya, dan satu kunci hanya ada sekali.",
        "What a release holds. Every table is sorted by its key, and a key occurs once.",
        *(block for name in TABLES for block in _release_table(name)),
        "## Keputusan",
        "Why a record stands in `lineage` or `conflict` for the columns of its mask. The bits stand in the "
        f"data dictionary; in `anggota`, bit {PRESENCE_BIT} is the presence and bit {FAMILY_BIT} the family.",
        _texts("Keputusan", DECISIONS),
        "## Bentrok",
        "How a record in `conflict` stands to what the officer of the other one had seen: the snapshot that the visit "
        "names, else the latest dated on or before it. `mask_keras` and `mask_lunak` hold the columns; a column in "
        "neither was known to the officer. Winners do not depend on it.",
        _texts("Bentrok", CLASHES),
        "## Nasib baris",
        "Every input row has exactly one.",
        _texts("Nasib", FATE_TEXTS),
        "## Peristiwa",
        "What happened, as snapshots and visits show it, in `peristiwa`. Who stands in the oldest snapshot was there "
        "before.",
        _texts("Peristiwa", EVENT_TEXTS),
        "## Alasan tidak lengkap",
        "An incomplete family keeps its official decile and has no recomputed one.",
        _texts("Alasan", INCOMPLETE_TEXTS),
    )


PAGES: Mapping[str, Callable[[], str]] = MappingProxyType(
    {
        "reference/data-dictionary.md": data_dictionary,
        "reason-codes.md": reason_codes,
        "reference/release-tables.md": release_tables,
    }
)
"""The generated pages by their place in the folder of the documentation."""


def page(title: str, *blocks: str) -> str:
    """A generated page of blocks."""
    return "\n\n".join((f"# {title}", NOTICE, *blocks)) + "\n"


def grid(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _named(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _summary(model: type[pa.DataFrameModel]) -> str:
    return (model.__doc__ or "").strip()


def _input_table(table: Table) -> list[str]:
    model = DECLARED[table.name]
    own = columns(model)
    blocks = [f"## `{table.name}`", _summary(model)]
    if table.name in FIELD_TABLES:
        source = BROUGHT[table.name]
        left_out = [column.name for column in columns(DECLARED[source]) if column.name not in table.names]
        blocks.append(
            f"Sesudah kolom di bawah ini: kolom `{source}`"
            + (f", kecuali {_named(left_out)}" if left_out else "")
            + f". Kosong berarti tidak ditanyakan; `{CLEARED_TEXT}` berarti ditanyakan dan tidak ada."
        )
    if table.name == REGISTER:
        blocks.append(
            f"Sebelum kolom di bawah ini: kolom `{MEMBER}` {_named(REGISTERED)}; hanya yang terakhir boleh kosong."
        )
    return [*blocks, f"{len(own)} kolom.", grid(COLUMN_HEAD, (_declared(column) for column in own))]


def _declared(column: Column) -> tuple[str, ...]:
    return (
        f"`{column.name}`",
        column.label,
        column.kind.value,
        _domain(column),
        column.group,
        column.sensitivity.value,
        "" if column.bit is None else str(column.bit),
        "ya" if column.required else "",
        _named(column.comes_from),
    )


def _domain(column: Column) -> str:
    if column.codes:
        asked = f"; tidak ditanyakan bila `{column.gate.column}` {_closed_by(column.gate)}" if column.gate else ""
        return f"[{column.codes}](#{column.codes}){asked}"
    return ", ".join(_rule(check) for check in column.checks)


def _closed_by(gate: Gate) -> str:
    return ", ".join(map(str, gate.closed_by))


def _rule(check: pa.Check) -> str:
    facts = check.statistics or {}
    match check.name:
        case "in_range":
            return f"{facts['min_value']} sampai {facts['max_value']}"
        case "str_matches":
            return _pattern(facts["pattern"])
        case "isin":
            return _named(map(str, facts["allowed_values"]))
        case "greater_than":
            return f"lebih dari {facts['min_value']}"
        case "greater_than_or_equal_to":
            return f"{facts['min_value']} atau lebih"
    message = f"no words for the check {check.name!r}"
    raise TypeError(message)


def _pattern(pattern: str) -> str:
    start = pattern.removeprefix("^")
    return f"`{start.removesuffix('$')}`" if start.endswith("$") else f"diawali `{start}`"


def _groups() -> str:
    policy = merge_policy()
    rows = [*policy.groups.items(), *((f"`{column}`", limit) for column, limit in policy.columns.items())]
    return grid(
        ("Kelompok atau kolom", "Batas usia (hari)", "Alasan"),
        ((name, "tanpa batas" if limit.days is None else str(limit.days), limit.reason) for name, limit in rows),
    )


def _code_list(codes: CodeList) -> list[str]:
    rows = (
        (
            str(code.code),
            code.label,
            "" if code.parent is None else str(code.parent),
            ", ".join((*map(str, code.aliases), *code.also)),
        )
        for code in codes.codes
    )
    return [
        f"### {codes.id}",
        f"{codes.title}. *{codes.status}*, berlaku {codes.effective.isoformat()}. {codes.source.strip()}",
        grid(("Kode", "Arti", "Kode kasar", "Juga ditulis"), rows),
    ]


def _reasons(severity: Severity) -> list[str]:
    title = CONSEQUENCES[severity]
    found = [reason for reason in REASONS.values() if reason.severity is severity]
    head = ("Kode", "Jenis", "Arti", "In English", "Dasar", "Tindakan", "Contoh")
    return [f"## {title.id}", title.en, grid(head, map(_reason, found))]


def _reason(reason: Reason) -> tuple[str, ...]:
    code = f"`{reason.code}`"
    example = EXAMPLES.get(reason.code)
    shown = _example(example) if example else SITUATIONS[reason.code]
    return code, reason.kind.value, reason.id, reason.en, reason.basis, reason.advice_id, shown


def _example(example: Example) -> str:
    """The row that triggers a finding, and the rows that have to stand beside it."""
    beside = [_changed(*row) for row in example.beside]
    return _changed(example.table, example.cells) + ("; di samping " + "; ".join(beside) if beside else "")


def _changed(name: str, cells: Mapping[str, str]) -> str:
    told = [f"`{column}` = `{cell}`" if cell else f"`{column}` kosong" for column, cell in cells.items()]
    return f"{name}: {', '.join(told) or 'seperti di atas'}"


def _release_table(name: str) -> list[str]:
    model = TABLES[name]
    inherited = {column.name for column in columns(DECLARED[name])} if name in DECLARED else set()
    types = polars_types(name)
    rows = (
        (
            f"`{column}`",
            schema.title or "",
            str(types[column]),
            _rules(schema),
            "ya" if schema.nullable else "",
        )
        for column, schema in model.to_schema().columns.items()
        if column not in inherited
    )
    blocks = [f"## `{name}`", _summary(model), f"Kunci: {_named(KEYS[name])}."]
    if inherited:
        link = f"[`{name}`](data-dictionary.md#{name})"
        blocks.append(f"Memuat {len(inherited)} kolom {link} dari kamus data dan kolom berikut.")
    head = ("Kolom", "Arti", "Jenis", "Isi yang sah", "Boleh kosong")
    return [*blocks, grid(head, rows)]


def _rules(schema: pa.Column) -> str:
    unique = ["unik"] if schema.unique else []
    return ", ".join([*unique, *map(_rule, schema.checks)])


def _texts(head: str, texts: Mapping[str, Text]) -> str:
    rows = ((f"`{name}`", text.id, text.en) for name, text in texts.items())
    return grid((head, "Arti", "In English"), rows)
