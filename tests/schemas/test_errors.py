"""The one error that people read: a code, a place and a sentence."""

import pickle

from dtsen_pipeline.schemas.errors import DtsenError

TOKEN = "0123456789ab"  # noqa: S105 - a file token is no secret


def test_the_text_names_the_code_and_the_place() -> None:
    """In one order, with only what is known."""
    error = DtsenError("E_HEADER", "the header differs", token=TOKEN, line=1, column="nama")
    assert str(error) == "E_HEADER file 0123456789ab line 1 column nama: the header differs"
    assert str(DtsenError("E_NO_SNAPSHOT", "nothing yet")) == "E_NO_SNAPSHOT: nothing yet"


def test_the_error_survives_a_process_boundary() -> None:
    """An executor may carry it to another process."""
    error = DtsenError("E_EMPTY", "no data", token=TOKEN)
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert (copy.code, str(copy)) == ("E_EMPTY", str(error))
