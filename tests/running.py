"""From a folder of delivered files to the tables of a release, in the order in which the pipeline does it.

Stages can be taken one by one, so that a test may break one and run only what follows.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from dtsen_pipeline.core import flow, intake
from dtsen_pipeline.core.engine import Engine, Frame
from dtsen_pipeline.core.identity import Observations, Scene, identify
from dtsen_pipeline.core.inputs import InputList, Source, freeze
from dtsen_pipeline.core.merge import Merged, merge
from dtsen_pipeline.core.rulings import Ruling
from dtsen_pipeline.core.translate import filled
from dtsen_pipeline.reference import Profile, merge_policy, profiles, welfare_model
from dtsen_pipeline.schemas.tables import INPUT_TABLES

KEY = b"k" * 32


@dataclass(frozen=True)
class Delivered:
    """A file of a city folder with the note beside it."""

    path: Path
    profile: Profile
    note: Mapping[str, str]

    @property
    def data(self) -> bytes:
        """Its bytes."""
        return self.path.read_bytes()

    @property
    def token(self) -> str:
        """The name under which the release knows it."""
        return hashlib.sha256(self.data).hexdigest()[:12]

    @property
    def table(self) -> str:
        """The input table it brings rows of."""
        return self.profile.table

    @property
    def data_date(self) -> date | None:
        """The data date of a snapshot file."""
        noted = self.note.get("data_date")
        return date.fromisoformat(noted) if noted else None


@dataclass(frozen=True)
class Readings:
    """Exact rows by table, damaged lines, the frozen input list, what corrections correct, and rulings."""

    rows: Mapping[str, pl.DataFrame]
    damaged: pl.DataFrame
    inputs: InputList
    ties: pl.DataFrame | None = None
    rulings: tuple[Ruling, ...] = ()


def delivered(city: Path) -> list[Delivered]:
    """The files of a city folder; what stands in its truth is not delivered."""
    found = []
    for path in sorted(city.glob("*/*.csv")):
        profile = next(profile for profile in profiles().values() if profile.identify(path.name))
        note = json.loads(path.with_name(f"{path.name}.json").read_text(encoding="utf-8"))
        found.append(Delivered(path, profile, note))
    return found


def read(files: list[Delivered]) -> Readings:
    """Read every file exactly."""
    nothing = pl.DataFrame(schema={"src": pl.String, "row": pl.Int64})
    rows = {table: [filled(nothing, table)] for table in INPUT_TABLES}
    damaged, sources = [], []
    for file in files:
        reading = intake.read(file.data, file.profile, file.token)
        rows[file.table].append(filled(reading.rows, file.table))
        damaged.append(reading.damaged.with_columns(sumber=pl.lit(file.table)))
        sources.append(_source(file))
    inputs = freeze(sources, city="3571", model="demo_alatas_2008", key_id="test")
    return Readings({table: pl.concat(found) for table, found in rows.items()}, pl.concat(damaged), inputs)


def _source(file: Delivered) -> Source:
    sha = hashlib.sha256(file.data).hexdigest()
    facts = {name: file.note.get(name) for name in ("version", "region", "data_date")}
    return Source(sha, file.table, file.profile.id, file.profile.version, **facts, batch=file.note.get("batch_id"))


class Run:
    """One run of the flow; every stage is computed once, when it is first asked for."""

    def __init__(self, readings: Readings, engine: Engine) -> None:
        self.readings, self.engine = readings, engine

    @cached_property
    def rows(self) -> dict[str, Frame]:
        """Exact rows as frames of the engine."""
        return {table: self.engine.load(rows) for table, rows in self.readings.rows.items()}

    @cached_property
    def damaged(self) -> Frame:
        """Damaged lines as a frame of the engine."""
        return self.engine.load(self.readings.damaged)

    @cached_property
    def records(self) -> dict[str, Frame]:
        """Normalised rows."""
        inputs = self.readings.inputs
        return {
            table: self.engine.checkpoint(flow.records_of(rows, table, inputs)) for table, rows in self.rows.items()
        }

    @cached_property
    def checked(self) -> flow.Checked:
        """Findings of the row rules."""
        ties = None if self.readings.ties is None else self.engine.load(self.readings.ties)
        return flow.check_all(self.records, self.damaged, self.readings.inputs, self.engine, ties)

    @cached_property
    def observed(self) -> Observations:
        """Rows tied to families and persons."""
        valid = flow.valid_of(self.records, self.checked)
        return identify(valid, self.scene, self.engine, KEY)

    @cached_property
    def scene(self) -> Scene:
        """The facts about files, and what reviewers decided."""
        return flow.scene_of(self.readings.inputs, self.readings.rulings)

    @cached_property
    def merged(self) -> Merged:
        """One row per entity."""
        return merge(self.observed, self.scene, merge_policy(), self.engine)

    @cached_property
    def settled(self) -> flow.Checked:
        """The findings, and what later rows made good."""
        inputs = self.readings.inputs
        return flow.settled(self.records, self.checked, self.observed, self.merged, inputs, self.engine, KEY)

    @cached_property
    def outcome(self) -> flow.Outcome:
        """The tables of the release and the cut-offs."""
        inputs = self.readings.inputs
        scored = flow.score_all(
            self.records,
            self.settled,
            self.observed,
            self.merged,
            inputs,
            welfare_model(inputs.model),
            self.engine,
            KEY,
        )
        received = flow.received_of(self.rows, self.damaged)
        tables = flow.release_of(received, self.settled, self.observed, self.merged, scored, self.engine)
        return flow.Outcome(tables=tables, cuts=scored.cuts)

    @cached_property
    def tables(self) -> dict[str, list[dict[str, Any]]]:
        """The release tables as lists of rows."""
        return {name: self.engine.fetch(frame).to_dicts() for name, frame in self.outcome.tables.items()}
