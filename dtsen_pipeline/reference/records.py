"""What a record of reference data is: code lists, regions, the merge policy, welfare models.

Records are frozen and answer questions about themselves. Reading files and judging what they say is the
readers' work.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

from dtsen_pipeline.reference.probability import Probability


@dataclass(frozen=True)
class Code:
    """One answer of a code list; `parent` is the coarser answer over it, `also` other texts for it."""

    code: int
    label: str
    parent: int | None = None
    aliases: tuple[int, ...] = ()
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class CodeList:
    """The answers that a column may hold, fine and coarse."""

    id: str
    title: str
    status: str
    source: str
    effective: date
    codes: tuple[Code, ...]

    @cached_property
    def values(self) -> tuple[int, ...]:
        """Every canonical code, coarse ones included."""
        return tuple(code.code for code in self.codes)

    @cached_property
    def labels(self) -> dict[int, str]:
        """The label of every canonical code."""
        return {code.code: code.label for code in self.codes}

    def tree(self) -> dict[int, int]:
        """The coarser code of every code that has one."""
        return {code.code: code.parent for code in self.codes if code.parent is not None}

    def spellings(self) -> dict[str, int]:
        """Upper-case ASCII text to canonical code.

        Numbers come first; texts that could mean two codes are left out.
        """
        digits = {str(number): code.code for code in self.codes for number in (code.code, *code.aliases)}
        claims = Counter(text for code in self.codes for text in _texts(code))
        texts = {text: code.code for code in self.codes for text in _texts(code) if claims[text] == 1}
        return texts | digits

    def ancestors(self, code: int) -> Iterator[int]:
        """The coarser codes that cover a code, nearest first."""
        parents = self.tree()
        while code in parents:
            code = parents[code]
            yield code

    def agree(self, a: int, b: int) -> bool:
        """Whether two codes can both be true: they are equal, or one covers the other."""
        return a == b or a in self.ancestors(b) or b in self.ancestors(a)


def _texts(code: Code) -> frozenset[str]:
    return frozenset(text.upper() for text in (code.label, *code.also))


@dataclass(frozen=True)
class EnglishLabels:
    """The English text of field groups and columns by name, and of answers by code list and code."""

    source: str
    effective: date
    groups: Mapping[str, str]
    columns: Mapping[str, str]
    codes: Mapping[str, Mapping[int, str]]


@dataclass(frozen=True)
class Kelurahan:
    """One kelurahan under both numberings; `status` is about the pair of codes."""

    bps: str
    kemendagri: str
    name: str
    aliases: tuple[str, ...]
    kecamatan: str
    kecamatan_bps: str
    kecamatan_kemendagri: str
    status: str


@dataclass(frozen=True)
class City:
    """A city with its kelurahan, in the order of the Kemendagri numbering."""

    bps: str
    kemendagri: str
    name: str
    province_bps: str
    province: str
    kelurahan: tuple[Kelurahan, ...]
    source: str
    effective: date

    @cached_property
    def by_bps(self) -> Mapping[str, Kelurahan]:
        """The kelurahan of a ten-digit BPS code."""
        return {place.bps: place for place in self.kelurahan}

    @cached_property
    def crosswalk(self) -> Mapping[str, str]:
        """The BPS code of a ten-digit Kemendagri code, which is written without dots."""
        return {place.kemendagri.replace(".", ""): place.bps for place in self.kelurahan}

    @cached_property
    def kecamatan(self) -> Mapping[str, str]:
        """The name of every seven-digit BPS kecamatan code."""
        return {place.kecamatan_bps: place.kecamatan for place in self.kelurahan}

    def spellings(self) -> dict[str, str]:
        """Every known spelling of a kelurahan's name to its BPS code."""
        return {text: place.bps for place in self.kelurahan for text in (place.name, *place.aliases)}


@dataclass(frozen=True)
class AgeLimit:
    """Days that a verified value stands against a newer snapshot (None: without end), and why."""

    days: int | None
    reason: str


@dataclass(frozen=True)
class MergePolicy:
    """How long a verified value stands against a newer snapshot, by field group and by column."""

    id: str
    source: str
    effective: date
    groups: Mapping[str, AgeLimit]
    columns: Mapping[str, AgeLimit]

    def max_age_days(self, column: str, group: str) -> int | None:
        """The limit of a column in days: its own, else its field group's; KeyError for a group without an entry."""
        return self.columns.get(column, self.groups[group]).days


@dataclass(frozen=True)
class Feature:
    """One input of a welfare model, with its weight in millionths."""

    name: str
    label: str
    label_id: str
    coefficient_micro: int
    columns: tuple[str, ...]
    definition: str
    survey_variable: str
    reading: str

    @property
    def survey_columns(self) -> tuple[str, ...]:
        """The columns of the survey that answer the feature, in the order its reading takes them."""
        return tuple(name.strip() for name in self.survey_variable.split(","))


@dataclass(frozen=True)
class Dropped:
    """A variable of the survey that a welfare model leaves out, and why."""

    survey_variable: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of a model with numbers of its own, for families whose region code begins with one of `regions`.

    `value`: the answer of the survey's section column that means it. In a survey map the numbers are nothing; in a
    model `weights` are millionths by feature, for each of the model's features.
    """

    name: str
    value: int
    regions: tuple[str, ...]
    n: int = 0
    r2: str = ""
    residual_sd_micro: int = 0
    intercept_micro: int = 0
    weights: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class SurveyMap:
    """How a survey answers features: a welfare model without its numbers.

    `welfare` and `weight` are columns of the survey; `baseline` are columns of a plain regression to compare with.
    `regions` are leading digits of BPS codes, none for everywhere; `until` is the last day in force. `place`: the
    columns whose digits, side by side, are the BPS code of a household's regency or city, if places have levels.
    `section`: the column that tells the section, where the model has `sections`.
    """

    title: str
    source: str
    effective: date
    unit: str
    scope: str
    outcome: str
    welfare: str
    features: tuple[Feature, ...]
    dropped: tuple[Dropped, ...] = ()
    baseline: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    weight: str | None = None
    place: str | None = None
    until: date | None = None
    section: str | None = None
    sections: tuple[Section, ...] = ()

    @property
    def place_columns(self) -> tuple[str, ...]:
        """The columns of the survey that tell the place, in the order of their digits."""
        return tuple(name.strip() for name in self.place.split(",")) if self.place else ()

    def covers(self, region: str) -> bool:
        """Whether the model may score families of a BPS region code."""
        return not self.regions or any(region.startswith(prefix) for prefix in self.regions)

    def overlaps(self, other: "SurveyMap") -> bool:
        """Whether some family on some day would have two models."""
        mine, theirs = self.regions or ("",), other.regions or ("",)
        meet = any(a.startswith(b) or b.startswith(a) for a in mine for b in theirs)
        ends = (self.until or date.max, other.until or date.max)
        return meet and self.unit == other.unit and max(self.effective, other.effective) <= min(ends)


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How often an imitation gave the official decile of families that its fit had not seen.

    `snapshot` and `files` (tokens) are what it was fitted on. `chances`: for each decile of the score, how many of a
    thousand families have which official decile; null where it would show fewer than five families.
    """

    snapshot: str
    files: tuple[str, ...]
    folds: int
    seed: int
    penalty: str
    exact: str
    within_one: str
    kendall: str
    chances: tuple[tuple[int | None, ...], ...]


@dataclass(frozen=True, kw_only=True)
class WelfareModel(SurveyMap):
    """A linear welfare model in integers: the intercept plus the weights of the features that hold.

    `agreement` is known of imitations, whose points are millionths of a logit. `levels`: what a regency or city of the
    survey lies above the intercept, by BPS code. They compare households of several places; the families of one city
    are scored without, since what is the same for all of them moves no decile. `probability`: what the fit's residuals
    say of P(desil = k), of models of welfare that were judged on a survey. A model with `sections` has no weights of
    its own: whoever scores takes its parts. `part`: the section whose numbers a part has.
    """

    id: str
    status: str
    kind: str
    n: int
    r2: str
    residual_sd_micro: int
    scale: int
    intercept_micro: int
    sha256: str
    agreement: Agreement | None = None
    levels: Mapping[str, int] = field(default_factory=dict)
    probability: Probability | None = None
    part: str | None = None

    @cached_property
    def parts(self) -> tuple["WelfareModel", ...]:
        """The models without sections that it consists of: one for each section, in their order, else itself."""
        return tuple(map(self._part, self.sections)) or (self,)

    def part_of(self, code: str | None) -> "WelfareModel | None":
        """The part that scores a family of a region code; None where sections count and none is the family's."""
        if not self.sections:
            return self
        return next((part for part in self.parts if code is not None and part.covers(code)), None)

    def _part(self, section: Section) -> "WelfareModel":
        weighted = (replace(one, coefficient_micro=section.weights[one.name]) for one in self.features)
        names = ("regions", "n", "r2", "residual_sd_micro", "intercept_micro")
        numbers = {name: getattr(section, name) for name in names}
        return replace(self, **numbers, features=tuple(weighted), part=section.name, section=None, sections=())
