"""The visits to make as one PDF to print: a list an officer, the NIK masked, the last day on every page.

Says what the workbook of `assignments` says, for those who go out with paper. The font is one that every reader has
and has Latin letters only; any other letter is printed as a question mark.
"""

from fpdf import FPDF
from fpdf.fonts import FontFace

from dtsen_pipeline.queries.access import Look, check_purpose
from dtsen_pipeline.queries.assignments import COLUMNS, last_day, list_name, people, row_of, villages
from dtsen_pipeline.queries.queue import Queue, by_officer, logged
from dtsen_pipeline.queries.reading import View
from dtsen_pipeline.resources.platform import Platform

HEADS = {
    "urutan": ("No.", 10),
    "id_penugasan": ("Penugasan", 42),
    "lengan_acak": ("Acak", 11),
    "nama_kepala_keluarga": ("Kepala keluarga", 45),
    "nik_kepala_keluarga": ("NIK", 37),
    "alamat": ("Alamat", 62),
    "yang_diperiksa": ("Yang diperiksa", 70),
}
"""What is printed of each column and how wide it is, in millimetres of a lying A4 page."""
FONT, SIZE, LINE = "Helvetica", 8, 4.5
DARK = (31, 78, 120)


class _Paper(FPDF):
    """Lying A4 pages that say what they come from and until when they may be used."""

    def __init__(self, until: str, view: View) -> None:
        super().__init__(orientation="landscape", format="A4")
        self.set_margin(10)
        self.set_font(FONT, size=SIZE)
        self.foot = (
            f"Rilis {view.release_id} - versi_dilihat {view.manifest['base_version']} - berlaku sampai {until}, "
            "sesudah itu musnahkan - memuat data pribadi"
        )

    def footer(self) -> None:
        """Print the last line of a page."""
        self.set_y(-10)
        self.cell(text=f"{self.foot} - halaman {self.page_no()}")


def paper(platform: Platform, view: View, found: Queue, look: Look) -> bytes:
    """The file's bytes; raises E_PURPOSE without a purpose. Every family in it is written down first."""
    check_purpose(look)
    logged(platform, found, look, None)
    homes, until, names = people(view, found), last_day(look), villages(platform)
    made = _Paper(until, view)
    made.set_creation_date(look.now)
    for (village, officer), own in by_officer(found).items():
        rows = [row_of(one, homes[one.family_id], view, names, until) for one in own]
        _list(made, list_name(village, officer, names), [dict(zip(COLUMNS, row, strict=True)) for row in rows])
    return bytes(made.output())


def _list(made: _Paper, title: str, rows: list[dict[str, str]]) -> None:
    """An officer's list, on pages of its own."""
    made.add_page()
    made.set_font(FONT, style="B", size=SIZE + 4)
    made.cell(text=printable(f"Daftar kunjungan {title}"), new_x="LMARGIN", new_y="NEXT", h=10)
    made.set_font(FONT, size=SIZE)
    head = FontFace(emphasis="BOLD", color=255, fill_color=DARK)
    widths = tuple(width for _, width in HEADS.values())
    with made.table(col_widths=widths, headings_style=head, line_height=LINE, text_align="LEFT") as table:
        table.row([title for title, _ in HEADS.values()])
        for row in rows:
            table.row([printable(row[name]) for name in HEADS])


def printable(text: str) -> str:
    """The text in the letters of the font; masked digits are asterisks."""
    return text.replace("•", "*").encode("latin-1", errors="replace").decode("latin-1")
