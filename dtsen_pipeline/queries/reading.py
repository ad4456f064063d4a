"""A release as its readers open it: the manifest and lazy tables, by the files that the manifest names.

Nothing is listed and nothing is verified here (see `verify`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl
from polars.exceptions import PolarsError

from dtsen_pipeline.reference import WelfareModel
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.schemas.errors import DtsenError

CURRENT = "current"
ENTITY_ID = {"keluarga": "family_id", "anggota": "person_id"}
Row = Mapping[str, Any]


@dataclass(frozen=True)
class View:
    """An opened release; `home` is where the city's own models lie, if anywhere."""

    release_id: str
    directory: Path
    manifest: Mapping[str, Any]
    home: Path | None = None

    def scan(self, table: str) -> pl.LazyFrame:
        """A table of the release."""
        files = [name for name in sorted(self.manifest["files"]) if name.startswith(f"{table}/")]
        if not files:
            raise damaged()
        paths = [self.directory / name for name in files]
        return pl.scan_parquet(paths, glob=False, hive_partitioning=False)

    def rows(self, table: str, *conditions: pl.Expr) -> Sequence[Row]:
        """The rows of a table that meet every condition, as mappings."""
        return fetched(self.scan(table).filter(*conditions)).to_dicts()

    def entity(self, table: str, entity_id: str) -> Row | None:
        """The published row of a family or person."""
        found = self.rows(table, pl.col(ENTITY_ID[table]) == entity_id)
        return found[0] if found else None

    def of_entity(self, table: str, kind: str, entity_id: str) -> Sequence[Row]:
        """The rows of `lineage` or `conflict` about one family or person."""
        return self.rows(table, pl.col("tabel") == kind, pl.col("entity_id") == entity_id)

    @cached_property
    def sources(self) -> tuple[Row, ...]:
        """The files that the release was computed from."""
        return tuple(self.manifest["inputs"]["sources"])

    @cached_property
    def model(self) -> WelfareModel:
        """The model that scored the release, as it was then.

        Raises E_MODEL_UNKNOWN where its file is gone, E_MODEL_HASH where it was changed.
        """
        from dtsen_pipeline.resources.models import exact  # noqa: PLC0415 - imports Pandera, which most readers spare

        facts = self.manifest["model"]
        return exact(facts["id"], facts.get("sha256", ""), self.home)

    @property
    def model_facts(self) -> Row:
        """What the manifest says of that model; its file is not needed."""
        facts: Row = self.manifest["model"]
        return facts

    @property
    def envelope(self) -> Row:
        """When, where and by which run the release was made."""
        envelope: Row = self.manifest["envelope"]
        return envelope


def damaged() -> DtsenError:
    """What a reader says of a release that cannot be read."""
    return DtsenError("E_RELEASE_DAMAGED", "a table of the release cannot be read; run dtsen verify")


def fetched(frame: pl.LazyFrame) -> pl.DataFrame:
    """The rows; an engine's own error could quote values and is replaced."""
    try:
        return frame.collect()
    except (PolarsError, OSError):
        failed = damaged()
    raise failed


def view(platform: Platform, release_id: str | None = None) -> View:
    """The release with this id; the current one where none, or `current`, is named."""
    if release_id in (None, CURRENT):
        release = platform.registry.current()
        if release is None:
            raise DtsenError("E_NO_RELEASE", "nothing has been published yet")
    else:
        release = platform.registry.release(str(release_id))
    directory = platform.store.directory(release.path)
    return View(release.release_id, directory, platform.store.manifest(directory), platform.settings.home)
