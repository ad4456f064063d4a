"""A snapshot's passport as one HTML page that needs nothing but itself; Indonesian first, English second.

Shows counts only, as `core.passport` gives them.
"""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

STYLE = """
:root{color-scheme:light dark;--ink:#1b1b1b;--soft:#5c5c5c;--line:#d8d8d8;--paper:#fff;--mark:#9a3b00}
@media (prefers-color-scheme:dark){:root{--ink:#ececec;--soft:#a8a8a8;--line:#444;--paper:#171717;--mark:#ffb182}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:64rem;padding:2rem 1.25rem 4rem;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,sans-serif}
h1{font-size:1.7rem;margin:0}h2{font-size:1.2rem;margin:2.5rem 0 .5rem}i,.soft{color:var(--soft)}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:.3rem .6rem .3rem 0;border-bottom:1px solid var(--line);vertical-align:top}
th{font-weight:600}td.n,th.n{text-align:right}.mark{color:var(--mark);font-weight:600}
details{border-bottom:1px solid var(--line);padding:.35rem 0}summary{cursor:pointer}
.scroll{overflow-x:auto}ul{padding-left:1.2rem}
"""
ROW_NAMES = {"keluarga": "Keluarga / Families", "anggota": "Anggota / Members"}
KEY_NAMES = {"kartu_keluarga": "Kartu keluarga / Family cards", "nik": "NIK / Population numbers"}
FLAG_NAMES = {
    "is_gc_kemensos": "Ground check Kemensos",
    "is_pbi_se": "Data PBI",
    "is_siks_ng": "SIKS-NG",
}
MOVE_NAMES = {
    "turun_4_atau_lebih": "Turun 4 desil atau lebih / Down 4 or more",
    "turun": "Turun 1 sampai 3 / Down 1 to 3",
    "tetap": "Tetap / Same",
    "naik": "Naik 1 sampai 3 / Up 1 to 3",
    "naik_4_atau_lebih": "Naik 4 desil atau lebih / Up 4 or more",
    "tidak_lengkap": "Salah satu tanpa desil / One side without a decile",
}
SIGNAL_NAMES = {
    "kelurahan_gone": "Kelurahan yang tidak lagi memiliki keluarga / Kelurahan without families any more",
    "kelurahan_new": "Kelurahan yang baru muncul / Kelurahan that are new",
    "drifted": "Kolom yang sebarannya bergeser / Columns whose distribution drifted",
    "codes_new": "Kolom dengan kode baru / Columns with new codes",
    "codes_gone": "Kolom yang kehilangan kode / Columns that lost codes",
    "codes_unlisted": "Kolom dengan isi di luar daftar kode / Columns with answers outside their list",
}
SMALL = "&lt;5"

Head = Sequence[tuple[str, bool]]
"""The titles of a table, and which columns are numbers."""


def page(passport: Mapping[str, Any]) -> str:
    """The whole page."""
    before = passport["before"]
    against = f"dibandingkan dengan {before['version']} ({before['data_date']})" if before else "potret pertama"
    against_en = f"compared with {before['version']} ({before['data_date']})" if before else "the first snapshot"
    title = f"Paspor potret {passport['version']}"
    when = escape(passport["data_date"])
    body = [
        f"<h1>{escape(title)}</h1>",
        f"<p>Tanggal data {when}, {escape(against)}.<br>",
        f"<i>Snapshot passport; data date {when}, {escape(against_en)}. Counts only.</i></p>",
        *_signals(passport),
        *_sizes(passport),
        *_kelurahan(passport),
        *_columns(passport),
    ]
    return (
        f'<!doctype html>\n<html lang="id"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head>\n'
        f"<body>{''.join(body)}</body></html>\n"
    )


def _signals(passport: Mapping[str, Any]) -> Iterable[str]:
    yield "<h2>Yang perlu dilihat <i>What to look at</i></h2>"
    listed = [(SIGNAL_NAMES[name], found) for name, found in passport["signals"].items() if found]
    for table, schema in passport["schema"].items():
        changes = [*(f"+{name}" for name in schema["added"]), *(f"−{name}" for name in schema["removed"])]  # noqa: RUF001
        if changes:
            listed.append((f"Kolom berkas {table} berubah / Columns of {table} changed", changes))
    for held in passport.get("held", ()):
        told = (f"{trip['message']} / {trip['message_en']} ({trip['detail']})" for trip in held["trips"])
        listed.append((f"Berkas {held['token']} ditahan / File is held", list(told)))
    if not listed:
        yield "<p>Tidak ada yang menonjol. <i>Nothing stands out.</i></p>"
        return
    items = (f'<li><span class="mark">{escape(text)}</span>: {escape(", ".join(names))}</li>' for text, names in listed)
    yield f"<ul>{''.join(items)}</ul>"


def _sizes(passport: Mapping[str, Any]) -> Iterable[str]:
    yield "<h2>Ukuran <i>Size</i></h2>"
    head: Head = (("", False), ("Kini / Now", True), ("Sebelumnya / Before", True), ("Baris rusak / Damaged", True))
    rows = passport["rows"].items()
    yield _table(head, ([ROW_NAMES[name], row["now"], row["before"], row["damaged"]] for name, row in rows))
    yield "<h2>Yang datang dan pergi <i>Came and went</i></h2>"
    head = (("", False), ("Pada keduanya / In both", True), ("Datang / Came", True), ("Pergi / Went", True))
    keys = passport["overlap"].items()
    yield _table(head, ([KEY_NAMES[name], row["both"], row["came"], row["went"]] for name, row in keys))
    yield "<h2>Saluran pembaruan <i>Channel of the last update</i></h2>"
    head = (("", False), ("Kini / Now", True), ("Sebelumnya / Before", True))
    flags = passport["provenance"].items()
    yield _table(head, ([FLAG_NAMES[name], row["now"], row["before"]] for name, row in flags))
    if passport["desil_nasional"]:
        yield "<h2>Perpindahan desil nasional <i>Moves of the national decile</i></h2>"
        moves = passport["desil_nasional"].items()
        yield _table((("", False), ("Keluarga / Families", True)), ([MOVE_NAMES[name], count] for name, count in moves))


def _kelurahan(passport: Mapping[str, Any]) -> Iterable[str]:
    yield "<h2>Keluarga per kelurahan <i>Families by kelurahan</i></h2>"
    titles = ("Kini / Now", "Sebelumnya / Before", "Datang / Came", "Pergi / Went")
    head = (("Kelurahan", False), *((title, True) for title in titles))
    rows = ([row["name"], row["now"], row["before"], row["came"], row["went"]] for row in passport["kelurahan"])
    yield _table(head, rows)


def _columns(passport: Mapping[str, Any]) -> Iterable[str]:
    """Every coded column, the ones that moved most first."""
    yield "<h2>Kolom berkode <i>Coded columns</i></h2>"
    yield '<p class="soft">Angka di belakang nama: seberapa jauh sebaran jawaban bergeser, per seribu baris. '
    yield "<i>The number behind a name: how far the distribution of answers moved, per thousand rows.</i></p>"
    head = (("Kode", False), ("Arti / Meaning", False), ("Kini / Now", True), ("Sebelumnya / Before", True))
    for column in sorted(passport["columns"], key=lambda column: -(column["drift_per_mille"] or 0)):
        moved = "" if column["drift_per_mille"] is None else f" · {column['drift_per_mille']}‰"
        mark = ' class="mark"' if column["is_drifted"] else ""
        is_compared = passport["before"] is not None
        rows = ([c["code"], c["label"], _few(c["now"]), _few(c["before"], known=is_compared)] for c in column["codes"])
        yield f"<details><summary><span{mark}>{escape(column['label'])}{moved}</span> "
        yield f'<span class="soft">{column["table"]}.{column["column"]}</span></summary>{_table(head, rows)}</details>'


class _Few(str):
    """A count that is already as people may see it."""

    __slots__ = ()


def _few(count: int | None, *, known: bool = True) -> int | _Few | None:
    """A count of a code; where it is hidden, that it is small."""
    if count is None and known:
        return _Few(SMALL)
    return count


def _table(head: Head, rows: Iterable[Sequence[object]]) -> str:
    titles = "".join(f"<th{_class(is_number=number)}>{escape(title)}</th>" for title, number in head)
    lines = (
        "<tr>"
        + "".join(f"<td{_class(is_number=head[at][1])}>{_cell(cell)}</td>" for at, cell in enumerate(row))
        + "</tr>"
        for row in rows
    )
    return f'<div class="scroll"><table><thead><tr>{titles}</tr></thead><tbody>{"".join(lines)}</tbody></table></div>'


def _class(*, is_number: bool) -> str:
    return ' class="n"' if is_number else ""


def _cell(value: object) -> str:
    if isinstance(value, _Few):
        return str(value)
    if value is None:
        return "–"  # noqa: RUF001 - a dash marks an empty cell for people
    return f"{value:,}".replace(",", ".") if isinstance(value, int) else escape(str(value))
