"""Stage 6: one winner per column, the ministry's own values beside it, and what lost."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from dtsen_pipeline.assets.identity import NAMES as OBSERVED
from dtsen_pipeline.assets.identity import observations_of
from dtsen_pipeline.assets.stage import INPUTS, SESSION, WEEKS, Origin, frames, ins, outs, session_of, told
from dtsen_pipeline.core.engine import Frame
from dtsen_pipeline.core.flow import scene_of
from dtsen_pipeline.core.inputs import InputList
from dtsen_pipeline.core.merge import Entities, Merged, merge
from dtsen_pipeline.reference import merge_policy
from dtsen_pipeline.resources.rulings import rulings_of

PARTS = {
    "merged": "Nilai pemenang",
    "ministry": "Nilai menurut kementerian",
    "touched": "Entitas yang dikunjungi",
    "lineage": "Asal nilai pemenang",
    "conflict": "Nilai yang kalah",
    "silent": "Kunjungan tanpa jawaban",
    "vanished": "Tidak tercatat lagi",
}
SOURCES = {"families": ("families", "visits"), "persons": ("members", "presences", "words")}
NAMES = {f"{kind}_{part}": f"{text} ({kind})." for kind in ("families", "persons") for part, text in PARTS.items()}


@dg.multi_asset(
    outs=outs("merged", NAMES),
    ins=INPUTS | ins("observations", *OBSERVED),
    partitions_def=WEEKS,
    required_resource_keys=SESSION,
    name="merge",
)
@told
def merged(context: dg.AssetExecutionContext, inputs: InputList, **given: Frame) -> Iterator[dg.MaterializeResult[Any]]:
    """Merge families and persons."""
    session = session_of(context)
    scene = scene_of(inputs, rulings_of(session.platform, inputs.rulings))
    result = merge(observations_of(given), scene, merge_policy(), session.engine)
    for kind in ("families", "persons"):
        entities = getattr(result, kind)
        values = {f"{kind}_{part}": getattr(entities, part) for part in PARTS}
        rows, *later = (Origin(("observations", name), _names(given, name)) for name in SOURCES[kind])
        yield from frames("merged", values, {f"{kind}_merged": [rows, *later], f"{kind}_ministry": [rows]})


def _names(given: dict[str, Frame], name: str) -> frozenset[str]:
    return frozenset(given[f"observations_{name}"].collect_schema().names())


def merged_of(given: dict[str, Frame]) -> Merged:
    """The merge, read back."""

    def entities(kind: str) -> Entities:
        return Entities(**{part: given[f"merged_{kind}_{part}"] for part in PARTS})

    return Merged(families=entities("families"), persons=entities("persons"))
