"""What another welfare model would have said of a release: who moves, where, and who would come into a programme.

The release's own files are computed again and scored twice, by its model and by the other; that its model gives the
published desil is checked first. Nothing is published or put in force here. Counts of 1 to 4 are not shown.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import TypeAlias

import narwhals as nw
import polars as pl

from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.core.flow import Prepared, prepared
from dtsen_pipeline.core.inputs import InputList
from dtsen_pipeline.core.transitions import DECILES, INCOMPLETE, drift, transitions
from dtsen_pipeline.queries.programmes import in_force_on
from dtsen_pipeline.queries.reading import View, fetched
from dtsen_pipeline.queries.traits import EVERYBODY, GROUPS, SMALL, masked, traits
from dtsen_pipeline.reference import WelfareModel
from dtsen_pipeline.resources.engines import open_engine
from dtsen_pipeline.resources.models import check_region, load
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.resources.readings import received
from dtsen_pipeline.schemas.errors import DtsenError

SCALES: Mapping[str, str] = {"estimasi": "desil_estimasi", "verifikasi": "desil_verifikasi"}
VILLAGE = "kode_kelurahan_desa"
NEW = "_new"
Count: TypeAlias = int | str
"""A number of families, or a text that says that there are too few to tell."""


@dataclass(frozen=True)
class Churn:
    """Families of a group with a desil under both models; `poorer` are put in a lower desil by the new one.

    `moved`: the share that changes, in per cent; missing where one of the counts is not shown.
    """

    by: str
    group: str
    families: Count
    poorer: Count
    richer: Count
    moved: float | None


@dataclass(frozen=True)
class Line:
    """The families that a desil range takes in today, and those that would come in or fall out under the new model."""

    first: int
    last: int
    programmes: tuple[str, ...]
    families: Count
    entering: Count
    leaving: Count


@dataclass(frozen=True)
class Moves:
    """From the release's model to the rehearsed one, on one scale.

    `transitions`: counts by desil before and after, `tidak_lengkap` for none; `drift` as in `core.transitions`.
    """

    transitions: Mapping[str, Mapping[str, Count]]
    drift: Mapping[str, Count]
    groups: tuple[Churn, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class OfRelease:
    """One release under both models. `scales`: the estimate that people see, and the desil of the score alone."""

    release_id: str
    model: str
    families: int
    scales: Mapping[str, Moves]


@dataclass(frozen=True)
class Rehearsed:
    """The answer: the model that was rehearsed, and each release under it."""

    model: str
    status: str
    kind: str
    sha256: str
    releases: tuple[OfRelease, ...]

    @property
    def digest(self) -> str:
        """A hash of everything that was said."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


def rehearse(platform: Platform, name: str, views: Sequence[View]) -> Rehearsed:
    """Score releases by another model; faults of the model as `models.load` and `check_region`, before anything runs.

    A release from before the model is in force can be tried too.

    Raises E_KEY_CHANGED where a release has another key, E_SCORE_DIFFERS where its model does not give its desil.
    """
    model = load(name, platform.settings.home)
    check_region(model, platform.settings.city)
    for view in views:
        if view.manifest["inputs"]["key_id"] != platform.key.id:
            raise DtsenError("E_KEY_CHANGED", "the key is not the one of the release; restore it")
    settings = platform.settings
    scratch = platform.home.work / "rehearsal"
    engine = open_engine(settings.engine, scratch, memory_mb=settings.memory_mb, spark_master=settings.spark_master)
    try:
        told = tuple(_of(platform, model, view, engine) for view in views)
    finally:
        engine.close()
    return Rehearsed(model.id, model.status, model.kind, model.sha256, told)


def _of(platform: Platform, model: WelfareModel, view: View, engine: Engine) -> OfRelease:
    inputs = InputList.from_json(json.dumps(view.manifest["inputs"]))
    key = platform.key.secret
    found = prepared(received(platform, inputs, engine), inputs, engine, key)
    published = fetched(view.scan("keluarga").select("family_id", VILLAGE, *SCALES.values()))
    before, after = (_scored(found, inputs, one, engine, key) for one in (view.model, model))
    _check(published, before)
    frame = (
        published.join(after, on="family_id", how="left", suffix=NEW, validate="1:1")
        .join(traits(view), on="family_id", how="left", validate="1:1")
        .rename({VILLAGE: "kelurahan"})
    )
    on = date.fromisoformat(view.envelope["as_of"])
    scales = {scale: _moves(frame, column, f"{column}{NEW}", on) for scale, column in SCALES.items()}
    return OfRelease(view.release_id, view.model.id, frame.height, scales)


def _scored(found: Prepared, inputs: InputList, model: WelfareModel, engine: Engine, key: bytes) -> pl.DataFrame:
    """family_id and the desil of both scales, of every family under a model."""
    scored = found.scored(inputs, model, engine, key).families
    narrow = scored.select("family_id", *(nw.col(column).cast(nw.Int64) for column in SCALES.values()))
    return engine.fetch(narrow)


def _check(published: pl.DataFrame, again: pl.DataFrame) -> None:
    """What is rehearsed must be what was published."""
    whole = [pl.col(column).cast(pl.Int64) for column in SCALES.values()]
    one, other = (frame.select("family_id", *whole).sort("family_id") for frame in (published, again))
    if not one.equals(other):
        raise DtsenError("E_SCORE_DIFFERS", "the release's own model does not give its published desil")


def _moves(frame: pl.DataFrame, before: str, after: str, on: date) -> Moves:
    counted = transitions(frame, before, after)
    return Moves(
        transitions={
            str(one or INCOMPLETE): {str(other or INCOMPLETE): masked(count) for other, count in row.items()}
            for one, row in counted.items()
        },
        drift={band: masked(count) for band, count in drift(frame, before, after).items()},
        groups=tuple(_groups(frame.filter(pl.col(before).is_not_null(), pl.col(after).is_not_null()), before, after)),
        lines=tuple(_lines(counted, on)),
    )


def _groups(frame: pl.DataFrame, before: str, after: str) -> Iterator[Churn]:
    yield _churn(frame, before, after, EVERYBODY, EVERYBODY)
    for by in GROUPS:
        for group in sorted(frame[by].drop_nulls().unique().to_list()):
            yield _churn(frame.filter(pl.col(by) == group), before, after, by, group)


def _churn(frame: pl.DataFrame, before: str, after: str, by: str, group: str) -> Churn:
    poorer, richer = (int((step < 0).sum()) for step in (frame[after] - frame[before], frame[before] - frame[after]))
    is_told = all(isinstance(masked(count), int) for count in (frame.height, poorer, richer))
    moved = round(100 * (poorer + richer) / frame.height, 1) if is_told and frame.height else None
    if frame.height < SMALL:
        return Churn(by, group, masked(frame.height), masked(frame.height), masked(frame.height), None)
    return Churn(by, group, frame.height, masked(poorer), masked(richer), moved)


def _lines(counted: Mapping[int | None, Mapping[int | None, int]], on: date) -> Iterator[Line]:
    """Every desil range that a programme's rule names on a day; a family without a desil is in none."""
    named: dict[tuple[int, int], set[str]] = {}
    for programme, rules in in_force_on(on).items():
        for rule in rules:
            named.setdefault((rule.first, rule.last), set()).add(programme)
    for (first, last), programmes in sorted(named.items()):
        inside = set(range(first, last + 1))
        outside = {*DECILES, None} - inside
        kept, entering, leaving = (
            sum(counted[one][other] for one in ones for other in others)
            for ones, others in ((inside, inside), (outside, inside), (inside, outside))
        )
        told = (kept + leaving, entering, leaving)
        yield Line(first, last, tuple(sorted(programmes)), *map(masked, told))
