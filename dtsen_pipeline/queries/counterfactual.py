"""The counterfactual card of a family: what would have to be found different for its estimated desil to move.

The card is computed from the release's own rows, by its model and cut-offs; the look is written down first. Ages are
told, birth dates never. Which answers a card tells is declared in `core.editable`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from dtsen_pipeline.core.counterfactual import Option, age, check_cuts, check_stand, counterfactuals, edits
from dtsen_pipeline.core.editable import Editable, asked
from dtsen_pipeline.core.estimate import POINT
from dtsen_pipeline.core.trials import Case, Edit, Trials
from dtsen_pipeline.queries.access import Look, note
from dtsen_pipeline.queries.inputs import Home, home
from dtsen_pipeline.queries.reading import Row, View, fetched
from dtsen_pipeline.queries.trace import FAMILY, release_facts, resolved
from dtsen_pipeline.reference import city, code_lists
from dtsen_pipeline.resources.engines import open_engine
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.reasons import INCOMPLETE_TEXTS
from dtsen_pipeline.schemas.reasons.record import Text

STANDS = ["desil_estimasi", "skor_estimasi", "jarak_batas_bawah", "jarak_batas_atas"]
UNRANKED = Text(
    "Keluarga ini belum mempunyai desil resmi, sehingga tidak ada yang dapat digeser.",
    "The family has no official decile yet, so there is nothing to move.",
)
UNPOINTED = Text(
    "Rilis ini dibuat sebelum titik estimasi dicatat.",
    "The release was made before points of the estimate were recorded.",
)


@dataclass(frozen=True)
class Difference:
    """One answer that would be different; codes with their labels. `member`: whose, in words without a name."""

    column: str
    label: str
    person_id: str | None
    member: str | None
    before: int | None
    before_label: str | None
    after: int
    after_label: str | None


@dataclass(frozen=True)
class Way:
    """Answers that together give another desil; `points`: how far they move the estimate (millionths of a log)."""

    differences: tuple[Difference, ...]
    desil: int
    points: int


@dataclass(frozen=True)
class Question:
    """An answer that was tried."""

    column: str
    label: str


@dataclass(frozen=True)
class Counterfactual:
    """The card. `reason`: why there is none, for a family without an estimate.

    `idle`: answers of which no realistic other one moves the estimate alone; `settled`: those with no realistic other.
    """

    release: Mapping[str, Any]
    family_id: str
    asked_id: str
    is_public: bool
    official: int | None
    estimate: int | None
    reason: str | None
    reason_en: str | None
    lower: tuple[Way, ...]
    higher: tuple[Way, ...]
    idle: tuple[Question, ...]
    settled: tuple[Question, ...]


def counterfactual(
    platform: Platform, view: View, asked_id: str, look: Look, *, is_public: bool = False
) -> Counterfactual:
    """The card of a family. Raises E_ENTITY_UNKNOWN, and E_SCORE_DIFFERS where its inputs do not give its estimate."""
    action = "explain.public_card" if is_public else "explain.card"
    note(platform.registry, look, action, subject=asked_id, release_id=view.release_id)
    family_id = resolved(view, FAMILY, asked_id)
    found = home(view, family_id)
    row = found.row
    sentence = _why_none(row)
    ways: dict[str, Any] = dict.fromkeys(("lower", "higher", "idle", "settled"), ())
    if sentence is None:
        ways = _ways(platform, found, is_public=is_public)
    return Counterfactual(
        release=release_facts(view),
        family_id=family_id,
        asked_id=asked_id,
        is_public=is_public,
        official=row["desil_nasional"],
        estimate=row["desil_estimasi"],
        reason=sentence.id if sentence else None,
        reason_en=sentence.en if sentence else None,
        **ways,
    )


def _why_none(row: Row) -> Text | None:
    if row["alasan_tidak_lengkap"]:
        return INCOMPLETE_TEXTS[row["alasan_tidak_lengkap"]]
    if row["desil_estimasi"] is None:
        return UNRANKED
    return UNPOINTED if row.get("skor_estimasi") is None else None


def _ways(platform: Platform, found: Home, *, is_public: bool) -> dict[str, Any]:
    check_cuts(fetched(found.view.scan("keluarga").select(STANDS)), found.view.manifest["cuts"])
    row, people = found.row, found.persons.to_dicts()
    questions = asked(found.view.model, is_public=is_public)
    engine = open_engine("polars", platform.home.work / "card")
    try:
        trials = Trials(_case(found), engine)
        check_stand(trials, row)
        possible = edits(questions, row, people, found.day)
        card = counterfactuals(trials, row["desil_estimasi"], questions, possible)
    finally:
        engine.close()
    return {
        "lower": tuple(_way(option, people, found.day) for option in card.lower),
        "higher": tuple(_way(option, people, found.day) for option in card.higher),
        "idle": tuple(Question(one.name, one.label) for one in card.idle),
        "settled": tuple(Question(one.name, one.label) for one in card.settled),
    }


def _case(found: Home) -> Case:
    """The family under the part of the model that scored it; no finding moves its place."""
    if found.part is None:
        raise DtsenError("E_SCORE_DIFFERS", "the model has no section for the place of a family with an estimate")
    point = pl.col("skor_estimasi") - pl.col("skor_verifikasi") + pl.col("skor_bayangan")
    manifest = found.view.manifest
    return Case(
        family=found.family.with_columns(point.alias(POINT)),
        persons=found.persons,
        model=found.part,
        cuts=tuple(manifest["cuts"]),
        city=city(manifest["inputs"]["city"]),
        on=found.day,
    )


def _way(option: Option, people: Sequence[Row], on: date) -> Way:
    return Way(tuple(_difference(edit, people, on) for edit in option.trial), option.desil, option.points)


def _difference(edit: Edit, people: Sequence[Row], on: date) -> Difference:
    question, person = edit.question, None if edit.place is None else people[edit.place]
    return Difference(
        column=question.name,
        label=question.label,
        person_id=str(person["person_id"]) if person else None,
        member=_member(person, on) if person else None,
        before=edit.before,
        before_label=_answer(question, edit.before),
        after=edit.after,
        after_label=_answer(question, edit.after),
    )


def _member(person: Row, on: date) -> str:
    """Kinship and age, as a card names somebody."""
    kin = code_lists()["hubungan_keluarga"].labels.get(person["status_hubungan_keluarga"], "Anggota")
    born = person["tanggal_lahir"]
    return kin if born is None else f"{kin}, {age(born, on)} tahun"


def _answer(question: Editable, value: int | None) -> str | None:
    listed = question.list_id
    return code_lists()[listed].labels.get(value) if listed and value is not None else None
