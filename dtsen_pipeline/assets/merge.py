"""Stage 6: one winner per column, the ministry's own values beside it, what lost, and what was made good."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import dagster as dg

from dtsen_pipeline.assets.identity import NAMES as OBSERVED
from dtsen_pipeline.assets.identity import observations_of, parted
from dtsen_pipeline.assets.stage import INPUTS, SESSION, WEEKS, Origin, frames, ins, outs, session_of, told
from dtsen_pipeline.assets.validate import NAMES as CHECKED
from dtsen_pipeline.assets.validate import checked_of
from dtsen_pipeline.core.engine import Frame
from dtsen_pipeline.core.flow import Checked, scene_of, settled
from dtsen_pipeline.core.inputs import InputList
from dtsen_pipeline.core.merge import Entities, Merged, merge
from dtsen_pipeline.reference import merge_policy
from dtsen_pipeline.resources.rulings import rulings_of
from dtsen_pipeline.schemas.tables import INPUT_TABLES

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
NAMES = {f"{kind}_{part}": f"{text} ({kind})." for kind in ("families", "persons") for part, text in PARTS.items()} | {
    "rejected": "Baris yang ditolak, dan baris kemudian yang membenahinya."
}


@dg.multi_asset(
    outs=outs("merged", NAMES),
    ins=INPUTS | ins("records", *INPUT_TABLES) | ins("checked", *CHECKED) | ins("observations", *OBSERVED),
    partitions_def=WEEKS,
    required_resource_keys=SESSION,
    name="merge",
)
@told
def merged(context: dg.AssetExecutionContext, inputs: InputList, **given: Frame) -> Iterator[dg.MaterializeResult[Any]]:
    """Merge families and persons."""
    session = session_of(context)
    scene = scene_of(inputs, rulings_of(session.platform, inputs.rulings))
    observed = observations_of(given)
    result = merge(observed, scene, merge_policy(), session.engine)
    for kind in ("families", "persons"):
        entities = getattr(result, kind)
        values = {f"{kind}_{part}": getattr(entities, part) for part in PARTS}
        rows, *later = (Origin(("observations", name), _names(given, name)) for name in SOURCES[kind])
        yield from frames("merged", values, {f"{kind}_merged": [rows, *later], f"{kind}_ministry": [rows]})
    records, found = parted(given)
    key = session.platform.key.secret
    checked = settled(records, checked_of(found), observed, result, inputs, session.engine, key)
    yield from frames("merged", {"rejected": checked.rejected})


def _names(given: dict[str, Frame], name: str) -> frozenset[str]:
    return frozenset(given[f"observations_{name}"].collect_schema().names())


def merged_of(given: dict[str, Frame]) -> Merged:
    """The merge, read back."""

    def entities(kind: str) -> Entities:
        return Entities(**{part: given[f"merged_{kind}_{part}"] for part in PARTS})

    return Merged(families=entities("families"), persons=entities("persons"))


def settled_of(given: dict[str, Frame]) -> Checked:
    """The findings and what became of the rejected rows, read back."""
    found = {name: frame for name, frame in given.items() if name.startswith("checked_")}
    return replace(checked_of(found), rejected=given["merged_rejected"])
