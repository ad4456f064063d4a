"""Why a family's desil is what it is, and why it moved since another release.

Inputs are computed again from the release's rows and must give the published score, else nothing is said. Every look
is written down first. Input values are answers about a dwelling and counts of a household, never an identifying text.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dtsen_pipeline.core.declared import DECLARED
from dtsen_pipeline.core.decompose import Contribution, Formula, Stand, decompose
from dtsen_pipeline.core.sections import PLACE
from dtsen_pipeline.queries.access import Look, note
from dtsen_pipeline.queries.inputs import Home, Values, home, regrouped, values_of
from dtsen_pipeline.queries.probability import likely
from dtsen_pipeline.queries.reading import View
from dtsen_pipeline.queries.ties import Tie, ties_of
from dtsen_pipeline.queries.trace import FAMILY, release_facts, resolved
from dtsen_pipeline.reference import WelfareModel
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.reasons import INCOMPLETE_TEXTS

FACTS = ("official", "shadow", "verified", "estimate")
COLUMNS = ("desil_nasional", "desil_bayangan", "desil_verifikasi", "desil_estimasi")


@dataclass(frozen=True)
class Weighed:
    """One model input: its value, its weight and what it adds (millionths of a log); null where it is missing.

    The weight is that of the family's section, and missing where the model has sections and none is the family's.
    """

    name: str
    label: str
    unit: str
    columns: tuple[str, ...]
    proof: str
    is_verifiable: bool
    value: int | None
    weight: int | None
    points: int | None


@dataclass(frozen=True)
class Move:
    """The change since another release; no contributions where nothing changed or one of the estimates is missing."""

    since: str
    before: int | None
    after: int | None
    contributions: tuple[Contribution, ...] | None


@dataclass(frozen=True)
class Explained:
    """A family's desil with everything it follows from; `total` is the verified score, in millionths of a log.

    `section`: the section of the model that its place belongs to, where the model has sections.
    `imitation_error`, where the model is an imitation: of a thousand families with the same shadow decile, how many
    have the official deciles 1 to 10, as on the model's card. `likely`, where the model was judged on a survey's
    welfare: of a hundred families with the same verified score, how many have the deciles 1 to 10 of welfare.
    """

    release: Mapping[str, Any]
    family_id: str
    asked_id: str
    desil: Mapping[str, int | None]
    bounds: Mapping[str, tuple[int | None, int | None]]
    is_complete: bool
    reason: str | None
    reason_id: str | None
    inputs: tuple[Weighed, ...]
    missing: tuple[str, ...]
    section: str | None
    intercept: int | None
    total: int | None
    shadow_score: int | None
    point: int | None
    cuts: tuple[int, ...]
    to_lower: int | None
    to_upper: int | None
    moved: Move | None
    imitation_error: tuple[int | None, ...] | None
    likely: tuple[int, ...] | None
    ties: tuple[Tie, ...]


def explain(platform: Platform, view: View, asked_id: str, look: Look, since: View | None = None) -> Explained:
    """Explain a family's desil; with `since` also its change from that release to `view`.

    Raises E_ENTITY_UNKNOWN, and E_SCORE_DIFFERS where the inputs do not give the published score.
    """
    note(platform.registry, look, "explain", subject=asked_id, release_id=view.release_id)
    family_id = resolved(view, FAMILY, asked_id)
    found = home(view, family_id)
    row, weighed = found.row, _weighed(found)
    reason = row["alasan_tidak_lengkap"]
    return Explained(
        release=release_facts(view),
        family_id=family_id,
        asked_id=asked_id,
        desil={fact: row[column] for fact, column in zip(FACTS, COLUMNS, strict=True)},
        bounds={
            fact: (row.get(f"{column}_min"), row.get(f"{column}_max"))
            for fact, column in zip(FACTS[2:], COLUMNS[2:], strict=True)
        },
        is_complete=row["is_lengkap"],
        reason=reason,
        reason_id=INCOMPLETE_TEXTS[reason].id if reason else None,
        inputs=weighed,
        missing=(*(one.name for one in weighed if one.value is None), *([] if found.part else [PLACE])),
        section=found.part.part if found.part else None,
        intercept=found.part.intercept_micro if found.part else None,
        total=row["skor_verifikasi"],
        shadow_score=row["skor_bayangan"],
        point=row.get("skor_estimasi"),
        cuts=tuple(view.manifest["cuts"]),
        to_lower=row.get("jarak_batas_bawah"),
        to_upper=row.get("jarak_batas_atas"),
        moved=_moved(since, found) if since else None,
        imitation_error=_imitation_error(found),
        likely=_likely(found),
        ties=ties_of(platform, view, found.persons["person_id"].to_list()),
    )


def _imitation_error(found: Home) -> tuple[int | None, ...] | None:
    agreement, shadow = found.view.model.agreement, found.row["desil_bayangan"]
    return agreement.chances[shadow - 1] if agreement and shadow else None


def _likely(found: Home) -> tuple[int, ...] | None:
    said = likely(found.view)
    return said.of(found.row["skor_verifikasi"]) if said else None


def _weighed(found: Home) -> tuple[Weighed, ...]:
    values = values_of(found.family, found.persons, found.day)
    weights = formula(found.part).weights if found.part else {}
    weighed = []
    for feature in found.view.model.features:
        declared, value, weight = DECLARED[feature.name], values[feature.name], weights.get(feature.name)
        points = None if value is None or weight is None else value * weight
        facts = (declared.label, declared.unit, declared.columns, declared.proof.value, declared.is_verifiable)
        weighed.append(Weighed(feature.name, *facts, value, weight, points))
    _check(found, weighed)
    return tuple(weighed)


def _check(found: Home, weighed: list[Weighed]) -> None:
    """The inputs must give the published score, where one is published."""
    published = found.row["skor_verifikasi"]
    points = [one.points for one in weighed]
    intercept = found.part.intercept_micro if found.part else None
    total = (intercept or 0) + sum(point for point in points if point is not None)
    if published is not None and (intercept is None or None in points or total != published):
        raise DtsenError("E_SCORE_DIFFERS", "the inputs of the family do not give its published score")


def _moved(since: View, after: Home) -> Move:
    """The change of a family that both releases know; one that the earlier does not know came anew."""
    row = after.row
    try:
        before = home(since, str(row["family_id"]))
    except DtsenError:
        return Move(since.release_id, None, row["desil_estimasi"], None)
    _weighed(before)
    stands = _stand(before), _stand(after)
    old, new = before.row["desil_estimasi"], row["desil_estimasi"]
    if stands[0] is None or stands[1] is None:
        return Move(since.release_id, old, new, None)
    aged = values_of(before.family, before.persons, after.day)
    members = values_of(before.family, regrouped(before, after), after.day)
    there = since.model.part_of(after.place)
    moved = formula(there) if there else None
    return Move(since.release_id, old, new, decompose(stands[0], stands[1], aged, members, moved) or None)


def _stand(found: Home) -> Stand | None:
    """How a family with an estimate stands; none for one without, or from before releases told their points."""
    row = found.row
    if row.get("skor_estimasi") is None or found.part is None:
        return None
    told = formula(found.part)
    return Stand(
        values=_whole(values_of(found.family, found.persons, found.day)),
        weights=told.weights,
        intercept=told.intercept,
        anchor=row["skor_estimasi"] - row["skor_verifikasi"],
        cuts=tuple(found.view.manifest["cuts"]),
        desil=row["desil_estimasi"],
    )


def formula(part: WelfareModel) -> Formula:
    """How a model without sections scores."""
    return Formula({one.name: one.coefficient_micro for one in part.features}, part.intercept_micro)


def _whole(values: Values) -> dict[str, int]:
    return {name: value for name, value in values.items() if value is not None}
