"""Stage 7: the scores and the recomputed desil of every family."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from dtsen_pipeline.assets.identity import NAMES as OBSERVED
from dtsen_pipeline.assets.identity import observations_of, parted
from dtsen_pipeline.assets.merge import NAMES as MERGED
from dtsen_pipeline.assets.merge import merged_of, settled_of
from dtsen_pipeline.assets.stage import (
    INPUTS,
    SESSION,
    WEEKS,
    Origin,
    frames,
    ins,
    outs,
    session_of,
    told,
)
from dtsen_pipeline.assets.validate import NAMES as CHECKED
from dtsen_pipeline.core.cutoffs import cuts_frame
from dtsen_pipeline.core.engine import Frame
from dtsen_pipeline.core.flow import score_all
from dtsen_pipeline.core.inputs import InputList
from dtsen_pipeline.core.sections import PLACE
from dtsen_pipeline.reference import WelfareModel
from dtsen_pipeline.resources.models import model_of
from dtsen_pipeline.schemas.tables import INPUT_TABLES

NAMES = {
    "families": "Skor dan desil tiap keluarga.",
    "cuts": "Sembilan batas desil, dikalibrasi ke sebaran resmi kota.",
}

SHADOW_COLUMNS = ("skor_bayangan", "desil_bayangan")
VERIFIED_COLUMNS = ("skor_verifikasi", "desil_verifikasi", "desil_verifikasi_min", "desil_verifikasi_max")
ESTIMATED_COLUMNS = (
    "skor_estimasi",
    "desil_estimasi",
    "desil_estimasi_min",
    "desil_estimasi_max",
    "jarak_batas_bawah",
    "jarak_batas_atas",
)


@dg.multi_asset(
    outs=outs("scored", NAMES),
    ins=INPUTS
    | ins("records", *INPUT_TABLES)
    | ins("checked", *CHECKED)
    | ins("observations", *OBSERVED)
    | ins("merged", *MERGED),
    partitions_def=WEEKS,
    required_resource_keys=SESSION,
    name="score",
)
@told
def scored(context: dg.AssetExecutionContext, inputs: InputList, **given: Frame) -> Iterator[dg.MaterializeResult[Any]]:
    """Score every family under the model of the input list."""
    session = session_of(context)
    records, _ = parted(given)
    model = model_of(inputs, session.platform.settings.home)
    result = score_all(
        records,
        settled_of(given),
        observations_of(given),
        merged_of(given),
        inputs,
        model,
        session.engine,
        session.platform.key.secret,
    )
    cuts = session.engine.load(cuts_frame(result.cuts))
    origins = {"families": _origins(model)}
    yield from frames("scored", {"families": result.families, "cuts": cuts}, origins)


def _origins(model: WelfareModel) -> list[Origin]:
    """A score comes from the columns its model names, an estimate from the official decile too.

    Where the model has sections, the place is one of the columns.
    """
    named = [c.partition(".") for f in model.features for c in f.columns]
    found = []
    for table, kind in (("keluarga", "families"), ("anggota", "persons")):
        places = {PLACE} if model.sections and kind == "families" else set[str]()
        used = tuple(sorted({name for owner, _, name in named if owner == table} | places))
        official = ("desil_nasional",) if kind == "families" else ()
        for part, scores in (("ministry", SHADOW_COLUMNS), ("merged", VERIFIED_COLUMNS)):
            renamed = dict.fromkeys(scores, used) | dict.fromkeys(ESTIMATED_COLUMNS, used + official)
            columns = frozenset({*used, *official, "family_id"})
            found.append(Origin(("merged", f"{kind}_{part}"), columns, renamed))
    return found
