"""The extract of the population register: whether a person lives, died or moved away, by the civil registry's word.

Beside the columns here a row brings the NIK, the name, the birth date and the sex, which are the member table's own,
and may bring the family card number, which takes no part. Whom a row speaks of is decided in `core`.
"""

import pandera.polars as pa
import polars as pl

from dtsen_pipeline.schemas.columns import Number, code, date

CIVIL = "civil_register"


class CivilStatus(pa.DataFrameModel):
    """What the register says of a person on the extract's data date."""

    status_kependudukan: Number = code(
        "Status kependudukan", bit=None, codes="status_kependudukan", group=CIVIL, required=True
    )
    tanggal_status: pl.Date = date("Tanggal status", bit=None, group=CIVIL)
