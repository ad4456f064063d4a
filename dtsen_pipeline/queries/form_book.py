"""An XLSForm as a workbook: the sheets survey, choices and settings, every cell text.

The same form gives the same bytes. What the form asks is decided in `xlsform`.
"""

from collections.abc import Sequence
from datetime import datetime
from io import BytesIO

from xlsxwriter import Workbook

from dtsen_pipeline.queries.xlsform import Form, Row

CREATED = datetime(2026, 1, 1)  # noqa: DTZ001 - a workbook's own date has no zone
TEXT_ONLY = {"in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
WIDTH = 24


def form_book(form: Form) -> bytes:
    """The workbook's bytes."""
    target = BytesIO()
    with Workbook(target, TEXT_ONLY) as book:
        book.set_properties({"created": CREATED})
        for name, rows in (("survey", form.survey), ("choices", form.choices), ("settings", form.settings)):
            _sheet(book, name, rows)
    return target.getvalue()


def _sheet(book: Workbook, name: str, rows: Sequence[Row]) -> None:
    sheet = book.add_worksheet(name)
    look = book.add_format({"num_format": "@"})
    heads = list(dict.fromkeys(head for row in rows for head in row))
    sheet.set_column(0, len(heads) - 1, WIDTH, look)
    sheet.freeze_panes(1, 2)
    for line, cells in enumerate([{head: head for head in heads}, *rows]):
        for place, head in enumerate(heads):
            if head in cells:
                sheet.write_string(line, place, cells[head], look)
