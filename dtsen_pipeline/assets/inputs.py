"""The frozen input list of a week: what the release is a function of."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import dagster as dg
from pydantic import Field

from dtsen_pipeline.assets.stage import SESSION, WEEKS, session_of, told
from dtsen_pipeline.core.inputs import InputList
from dtsen_pipeline.resources.freeze import freeze_inputs
from dtsen_pipeline.resources.stages import STAGES
from dtsen_pipeline.resources.workroom import tidy
from dtsen_pipeline.schemas.errors import DtsenError


class InputsConfig(dg.Config):
    """What a person may choose in the launchpad.

    `as_of`: an ISO day; files received until its end count (empty: the partition's Monday). `tokens`: exactly
    these accepted files instead (empty: all).
    """

    as_of: str = ""
    tokens: list[str] = Field(default_factory=list)


@dg.multi_asset(
    outs={
        "inputs": dg.AssetOut(
            key="inputs",
            io_manager_key=STAGES,
            group_name="inputs",
            description="Daftar masukan beku: berkas, keputusan, rujukan, model, kunci.",
        )
    },
    partitions_def=WEEKS,
    required_resource_keys=SESSION,
    name="freeze",
)
@told
def freeze(context: dg.AssetExecutionContext, config: InputsConfig) -> Iterator[dg.MaterializeResult[Any]]:
    """Freeze the accepted files of the as-of date."""
    session, week = session_of(context), context.partition_key
    day = _day(config.as_of or week)
    listed = freeze_inputs(session.platform, day, config.tokens)
    session.note_day(week, day)
    yield dg.MaterializeResult(asset_key="inputs", value=listed, metadata=_facts(listed, day))
    tidy(session.platform.home.work, week)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise DtsenError("E_AS_OF", "the as-of date is not a day written as 2026-11-23") from None


def _facts(listed: InputList, day: date) -> dict[str, Any]:
    lines = ["| berkas | tabel | profil | versi | tanggal data |", "|---|---|---|---|---|"]
    lines += [
        f"| `{s.token}` | {s.table} | {s.profile} | {s.version or '–'} | {s.data_date or '–'} |" for s in listed.sources
    ]
    return {
        "as_of": day.isoformat(),
        "list_hash": listed.hash,
        "base_snapshot": listed.base_version,
        "model": listed.model,
        "official_snapshot": listed.official_version or "–",
        "files": len(listed.sources),
        "decision_files": len(listed.rulings),
        "list": dg.MetadataValue.md("\n".join(lines)),
    }
