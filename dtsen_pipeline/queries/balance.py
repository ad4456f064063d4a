"""The balance of rows ("neraca baris"): every line that was registered, and the one fate it met, file by file.

What was received is the count that the registry took when the file came; the fates are the release's own. The two
have nothing in common but the file, so that a row lost on the way shows as a difference.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from dtsen_pipeline.queries.labels import plain_label
from dtsen_pipeline.queries.reading import View, fetched
from dtsen_pipeline.queries.show import codes_of
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.schemas.fates import FATES
from dtsen_pipeline.schemas.reasons import FATE_TEXTS


@dataclass(frozen=True)
class Flow:
    """Rows of one file with one fate, for one set of reasons (empty where the fate needs none)."""

    fate: str
    fate_id: str
    reasons: tuple[str, ...]
    rows: int


@dataclass(frozen=True)
class Sheet:
    """One file: rows that came in, rows with a fate, and where they went; `table` names two where it brings two."""

    token: str
    table: str
    version: str | None
    batch: str | None
    received: int
    accounted: int
    flows: tuple[Flow, ...]

    @property
    def difference(self) -> int:
        """Rows received less rows accounted for; nothing else than zero is sound."""
        return self.received - self.accounted


@dataclass(frozen=True)
class Balance:
    """The sheets of a release by table and token, and rows of files that are no input of it."""

    release_id: str
    sheets: tuple[Sheet, ...]
    strangers: int

    @property
    def is_even(self) -> bool:
        """Whether every row that came in has its fate and no other row has one."""
        return not self.strangers and all(sheet.difference == 0 for sheet in self.sheets)


def balance(platform: Platform, view: View) -> Balance:
    """The balance of a release."""
    counted = fetched(view.scan("fate").group_by("src", "fate", "reason").agg(rows=pl.len())).to_dicts()
    sources = _files(sorted(view.sources, key=lambda source: (source["table"], source["sha256"])))
    tokens = {source["sha256"][:12] for source in sources}
    return Balance(
        release_id=view.release_id,
        sheets=tuple(_sheet(platform, source, counted) for source in sources),
        strangers=sum(row["rows"] for row in counted if row["src"] not in tokens),
    )


def _files(sources: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Each file once; one that brings two tables names both."""
    found: dict[str, Mapping[str, Any]] = {}
    for source in sources:
        first = found.get(source["sha256"])
        table = source["table"] if first is None else f"{first['table']}+{source['table']}"
        found[source["sha256"]] = {**source, "table": table}
    return list(found.values())


def _sheet(platform: Platform, source: Mapping[str, Any], counted: list[dict[str, Any]]) -> Sheet:
    token = source["sha256"][:12]
    flows = tuple(sorted(_flows(token, counted), key=lambda one: (FATES.index(one.fate), -one.rows, one.reasons)))
    return Sheet(
        token=token,
        table=source["table"],
        version=plain_label(source["version"]),
        batch=plain_label(source["batch"]),
        received=platform.registry.file(token).rows or 0,
        accounted=sum(flow.rows for flow in flows),
        flows=flows,
    )


def _flows(token: str, counted: list[dict[str, Any]]) -> Iterator[Flow]:
    totals: dict[tuple[str, tuple[str, ...]], int] = {}
    for row in counted:
        if row["src"] == token:
            key = (row["fate"], tuple(codes_of(row["reason"])) if row["reason"] else ())
            totals[key] = totals.get(key, 0) + row["rows"]
    for (fate, reasons), rows in totals.items():
        yield Flow(fate, FATE_TEXTS[fate].id, reasons, rows)
