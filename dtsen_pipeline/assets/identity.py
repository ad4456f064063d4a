"""Stage 5: observations, every valid row tied to a family and a person, and the rows set aside."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from dtsen_pipeline.assets.stage import INPUTS, SESSION, WEEKS, Origin, frames, ins, outs, session_of, told
from dtsen_pipeline.assets.validate import NAMES as CHECKED
from dtsen_pipeline.assets.validate import checked_of, tabled
from dtsen_pipeline.core.engine import Frame
from dtsen_pipeline.core.entities import BORN, CARD, NAME, NIK, SEX
from dtsen_pipeline.core.flow import scene_of, valid_of
from dtsen_pipeline.core.identity import Observations, identify
from dtsen_pipeline.core.inputs import InputList
from dtsen_pipeline.resources.rulings import rulings_of
from dtsen_pipeline.schemas.tables import FAMILY, INPUT_TABLES, MEMBER, REGISTER, VISIT, VISIT_MEMBER

NAMES = {
    "families": "Baris keluarga snapshot dengan nomor keluarga.",
    "members": "Baris anggota snapshot dengan nomor orang.",
    "visits": "Kunjungan yang membawa nilai.",
    "presences": "Anggota yang ditemui dalam kunjungan.",
    "aside": "Baris yang tidak ikut, dengan nasib dan alasannya.",
    "aliases": "Nomor lain yang menunjuk ke keluarga atau orang yang sama.",
    "shared": "Baris dengan NIK yang dipakai lebih dari satu orang.",
    "events": "Peristiwa keluarga dan orang.",
    "links": "Tautan yakin antara dua catatan satu orang.",
    "words": "Baris data kependudukan dengan nomor orang.",
}

TABLE_OF = {"families": FAMILY, "members": MEMBER, "visits": VISIT, "presences": VISIT_MEMBER, "words": REGISTER}


@dg.multi_asset(
    outs=outs("observations", NAMES),
    ins=INPUTS | ins("records", *INPUT_TABLES) | ins("checked", *CHECKED),
    partitions_def=WEEKS,
    required_resource_keys=SESSION,
    name="identify",
)
@told
def identity(
    context: dg.AssetExecutionContext, inputs: InputList, **given: Frame
) -> Iterator[dg.MaterializeResult[Any]]:
    """Tie the valid rows."""
    session = session_of(context)
    records, checked = parted(given)
    valid = valid_of(records, checked_of(checked))
    observed = identify(
        valid,
        scene_of(inputs, rulings_of(session.platform, inputs.rulings)),
        session.engine,
        session.platform.key.secret,
    )
    origins = {name: [_origin(table, records)] for name, table in TABLE_OF.items()}
    yield from frames("observations", {name: getattr(observed, name) for name in NAMES}, origins)


def _origin(table: str, records: dict[str, Frame]) -> Origin:
    """An observation carries its record's columns; ids come from the identifying ones."""
    ids = {"family_id": (CARD,), "person_id": (NIK, CARD, NAME, BORN, SEX)}
    return Origin(("records", table), frozenset(records[table].collect_schema().names()), ids)


def parted(given: dict[str, Frame]) -> tuple[dict[str, Frame], dict[str, Frame]]:
    """The records by table, and the findings as they came."""
    checked = {name: frame for name, frame in given.items() if name.startswith("checked_")}
    records = {name: frame for name, frame in given.items() if name.startswith("records_")}
    return tabled("records", records), checked


def observations_of(given: dict[str, Frame]) -> Observations:
    """The observations, read back."""
    return Observations(**{name: given[f"observations_{name}"] for name in NAMES})
