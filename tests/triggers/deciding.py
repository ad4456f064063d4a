"""Why an answer of a reviewer, a rehearsal or a cut-off is not taken."""

from collections.abc import Mapping

import polars as pl

from dtsen_pipeline.core.cutoffs import cuts_of
from dtsen_pipeline.core.officers import terms_in
from dtsen_pipeline.core.ruling_book import rows_of_text, sorted_out
from tests.core.test_ruling_book import TOKEN, A, B, read, row
from tests.modelled import give_model
from tests.triggers.place import Place, Trigger


def answered(*answers: Mapping[str, str], known: str = A + B) -> Trigger:
    """The first problem with the filled rows of a decision file, each a sound one but for these cells."""

    def trigger(_: Place) -> str | None:
        rows = [row(line, **cells) for line, cells in enumerate(answers, start=2)]
        _, problems = sorted_out(rows, read, known.__contains__, [])
        return problems[0].code

    return trigger


def unrehearsed(place: Place) -> str | None:
    give_model(place.world.settings.home)
    return place.said("model", "approve", "kota", "--reason", "baik")


OVER_BEFORE_BEGUN = b"id_petugas,peran_petugas,mulai,selesai\nP-01,TRC,2026-02-01,2026-01-01\n"
TRIGGERS: Mapping[str, Trigger] = {
    "E_OFFICER_LIST": lambda _: terms_in(OVER_BEFORE_BEGUN, TOKEN) and None,
    "E_DECISION_BOOK": lambda _: rows_of_text(b"kasus;putusan\n", TOKEN) and None,
    "E_DECISION_CELL": answered({"catatan": "\x07"}),
    "E_DECISION_CASE": answered({"kasus": "0" * 16}),
    "E_DECISION_ANSWER": answered({"putusan": "pilih_a"}),
    "E_DECISION_REVIEWER": answered({"peninjau": ""}),
    "E_DECISION_DAY": answered({"tanggal_putusan": "2026-02-30"}),
    "E_DECISION_EVIDENCE": answered({"bukti": ""}),
    "E_DECISION_ENTITY": answered({}, known=A),
    "E_DECISION_CONTRADICTS": answered({}, {"putusan": "beda"}),
    "E_MODEL_REHEARSAL": unrehearsed,
    "E_CUTS": lambda _: cuts_of(pl.DataFrame({"decile": range(1, 10), "score": [1, 2, 3, 4, 5, 6, 7, 9, 8]})) and None,
}
