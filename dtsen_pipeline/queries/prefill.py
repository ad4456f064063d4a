"""The field form that reads a list of visits: the officer chooses one, and the form fills in what the list says of it.

Works on the rows of the form that `xlsform` derives. No question is added and none is called otherwise, so that what
comes back is read as before. The file that the form reads is written by `assignment_media`.
"""

from dtsen_pipeline.core.entities import CARD
from dtsen_pipeline.queries.xlsform import Form, Row, Said, versioned

ASSIGNMENT, SEEN, ARM, ADDRESS = "id_penugasan", "versi_dilihat", "lengan_acak", "alamat"
LIST = "penugasan"
FILE = f"{LIST}.csv"
KEY, SHOWN, UNTIL = "name", "label", "berlaku_sampai"
"""The columns of the file that a visit is known and shown by, and the last day on which it is offered."""
COLUMNS = (KEY, SHOWN, SEEN, ARM, CARD, ADDRESS, UNTIL)
CHOSEN = f"${{{ASSIGNMENT}}}"
CHOICE = {
    "type": f"select_one_from_file {FILE}",
    "appearance": "minimal autocomplete",
    "choice_filter": f"decimal-date-time({UNTIL}) + 1 > decimal-date-time(${{waktu_kunjungan}})",
}
"""The visits whose list was in force at the time of the visit."""

CHOOSE = Said(
    "Pilih dari daftar: kepala keluarga, alamat, dan anggota yang dikenal. Kosongkan bila keluarga tidak didaftar.",
    "Choose from the list: head, address and known members. Leave blank if the family is not on it.",
)
COMPARE = Said("Dari daftar kunjungan; cocokkan dengan kartunya.", "From the list of visits; compare with the card.")
MEND = Said(
    "Dari daftar kunjungan: perbaiki bila lain, kosongkan bila tidak ditanyakan.",
    "From the list of visits: put it right, or leave it blank if not asked.",
)


def prefilled(form: Form) -> Form:
    """The same questions; the visit's assignment is chosen, and four of its answers follow from that."""
    place = next(place for place, row in enumerate(form.survey) if row["type"] == "begin_repeat")
    return versioned((*map(_answered, form.survey[:place]), *form.survey[place:]), form.choices)


def _answered(row: Row) -> Row:
    """A question about the visit, answered by the chosen line of the list.

    An answer is written when the choice changes and may be mended then. The card's cannot be written so, since
    pyxform asks for a name that stands once: it follows the list as long as the list has the visit, and stays else.
    """
    name = row["name"]
    if name == ASSIGNMENT:
        return {**row, **CHOICE, **CHOOSE.under("hint")}
    if name in (SEEN, ARM):
        return {"type": "calculate", "name": name, "calculation": _listed(name), "trigger": CHOSEN}
    if name == ADDRESS:
        return {**row, "calculation": _listed(name), "trigger": CHOSEN, **MEND.under("hint")}
    if name == CARD:
        followed = {"calculation": f"coalesce({_listed(name)}, once(''))", "readonly": f"{CHOSEN} != ''"}
        return {**row, **followed, **COMPARE.under("hint")}
    return row


def _listed(column: str) -> str:
    """What the list says of the chosen visit."""
    return f"instance('{LIST}')/root/item[{KEY} = {CHOSEN}]/{column}"
