"""The content root: one hash of everything a release says, equal on every engine and in every arrival order."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from dtsen_pipeline.core.engine import Engine, Frame
from dtsen_pipeline.core.rowtext import row_text
from dtsen_pipeline.schemas.release import KEYS, SCHEMA_VERSION, polars_types


@dataclass(frozen=True)
class TableRoot:
    """The hash of one table and how many rows it has."""

    rows: int
    sha256: str


def table_root(frame: Frame, table: str, engine: Engine) -> TableRoot:
    """Hash each row's canonical text, order by the table's key, and hash the row hashes together."""
    names, keys = list(polars_types(table)), list(KEYS[table])
    text = row_text(frame.collect_schema(), names)
    hashed = engine.sha256(frame.select(*keys, text.alias("text")), "text")
    rows = engine.fetch(hashed).sort(keys)
    return TableRoot(rows=rows.height, sha256=_combined(rows["text"]))


def content_root(tables: Mapping[str, TableRoot]) -> str:
    """One hash over the hashes, row counts and columns of all tables."""
    facts = {
        name: {"columns": list(polars_types(name)), "rows": root.rows, "sha256": root.sha256}
        for name, root in tables.items()
    }
    document = json.dumps({"schema": SCHEMA_VERSION, "tables": facts}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(document.encode()).hexdigest()


def _combined(hashes: pl.Series) -> str:
    digest = hashlib.sha256()
    for line in hashes.to_list():
        digest.update(line.encode())
    return digest.hexdigest()
