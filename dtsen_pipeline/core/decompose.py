"""Why an estimate moved between two releases: contributions that add up to the change exactly, in whole numbers.

The point of the estimate is walked from the earlier release to the later one in a stated order: time (the same answers
at the later data date), the household's members, the family's own answers input by input, a move into another section
of the model, coefficients, the anchor (the ministry's ranking: point minus shadow score), cut-offs. Each step's part in
the decile is what the walk changes there under the earlier cut-offs; the last step brings the later ones. No frame and
no file is opened here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

Values = Mapping[str, int]
TIME, MEMBERS, OWN, SECTION = "waktu", "susunan", "data", "bagian"
WEIGHTS, ANCHOR, CUTS = "koefisien", "acuan", "batas"
CAUSES = (TIME, MEMBERS, OWN, SECTION, WEIGHTS, ANCHOR, CUTS)


@dataclass(frozen=True)
class Formula:
    """A score: the intercept plus each input times its weight."""

    weights: Values
    intercept: int


@dataclass(frozen=True)
class Stand:
    """How a family stands in a release: inputs, weights, anchor (point minus shadow score), cut-offs and estimate."""

    values: Values
    weights: Values
    intercept: int
    anchor: int
    cuts: tuple[int, ...]
    desil: int

    @property
    def point(self) -> int:
        """The point of the estimate."""
        return self.anchor + self.intercept + sum(self.weights[name] * self.values[name] for name in self.weights)

    @property
    def cut(self) -> int:
        """The decile that the cut-offs give to the point."""
        return 1 + sum(cut < self.point for cut in self.cuts)


@dataclass(frozen=True)
class Contribution:
    """What one cause added to the point (millionths of a log) and to the decile; `feature` for own answers."""

    cause: str
    feature: str | None
    points: int
    steps: int


def decompose(
    before: Stand,
    after: Stand,
    aged: Mapping[str, int | None],
    regrouped: Mapping[str, int | None],
    there: Formula | None = None,
) -> tuple[Contribution, ...]:
    """The contributions in order, without those that are nothing; empty where nothing changed.

    `aged`: the earlier answers at the later data date; `regrouped`: the later members with their earlier answers. An
    input that is missing there counts as it does in the next stage that knows it. `there`: how the earlier model scores
    the section that the family lives in later, where it has one; its inputs are those of the earlier stand.
    """
    stages = [(cause, feature, stage) for cause, feature, stage in _walk(before, after, aged, regrouped, there)]
    points = [before.point, *(stage.point for _, _, stage in stages)]
    desil = [before.desil, *(stage.cut for _, _, stage in stages[:-1]), after.desil]
    found = [
        Contribution(cause, feature, points[place + 1] - points[place], desil[place + 1] - desil[place])
        for place, (cause, feature, _) in enumerate(stages)
    ]
    return tuple(one for one in found if one.points or one.steps)


def _walk(
    before: Stand,
    after: Stand,
    aged: Mapping[str, int | None],
    regrouped: Mapping[str, int | None],
    there: Formula | None,
) -> Iterator[tuple[str, str | None, Stand]]:
    stand = replace(before, values=_known(aged, before.values, before.weights))
    yield TIME, None, stand
    stand = replace(stand, values=_known(regrouped, after.values, before.weights))
    yield MEMBERS, None, stand
    for name in before.weights:
        stand = replace(stand, values={**stand.values, name: after.values[name]})
        yield OWN, name, stand
    if there is not None:
        stand = replace(stand, weights=there.weights, intercept=there.intercept)
        yield SECTION, None, stand
    stand = replace(stand, values=after.values, weights=after.weights, intercept=after.intercept)
    yield WEIGHTS, None, stand
    stand = replace(stand, anchor=after.anchor)
    yield ANCHOR, None, stand
    yield CUTS, None, after


def _known(values: Mapping[str, int | None], others: Values, names: Values) -> dict[str, int]:
    found = {name: values[name] for name in names}
    return {name: others[name] if value is None else value for name, value in found.items()}
