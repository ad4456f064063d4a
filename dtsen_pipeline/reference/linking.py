"""What a linkage model is, and its reader: how much each agreement between two records weighs.

Weights are whole hundredths of a bit, so that every engine adds them alike. How two records are compared is
the core's work; how a model is trained stands in `resources.linkage`.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

from dtsen_pipeline.reference.strict import ascii_text, fields, once, one_of, read_yaml, texts, typed

SCALE = 100
"""Units a bit: a weight of 100 doubles the odds that two records are one person."""
MISSING = "missing"
LEVELS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "code": ("exact", "other"),
        "text": ("exact", "near", "like", "other"),
        "name": ("exact", "sound", "near", "part", "word", "other"),
        "date": ("exact", "placeholder", "near", "year", "other"),
        "place": ("card", "village", "other"),
    }
)
"""The levels of each kind of comparison, closest first; a missing value is no evidence and weighs nothing."""

RARE = ("exact", "sound", "part")
"""The levels of a name to whose weight the name's rarity is added: how many people bear it matters there."""


@dataclass(frozen=True)
class Comparison:
    """One thing two records are compared on; a link at a `never_sure` level needs a person, whatever it weighs."""

    name: str
    kind: str
    columns: tuple[str, ...]
    weights: Mapping[str, int]
    never_sure: tuple[str, ...]


@dataclass(frozen=True)
class Rarity:
    """How rare a name is: the sum over its words, by sound.

    `unlisted`: the weight of a word that is not listed; an initial has none. `ceiling`: the most a name can have.
    """

    words: Mapping[str, int]
    unlisted: int
    ceiling: int


@dataclass(frozen=True)
class LinkageModel:
    """A frozen model. `prior`, `sure` and `possible` are weights like those of the levels.

    `blocks`: two records are compared where they agree on every key of one block. `training`: how it came about.
    """

    id: str
    title: str
    status: str
    source: str
    effective: date
    prior: int
    sure: int
    possible: int
    comparisons: tuple[Comparison, ...]
    blocks: tuple[tuple[str, ...], ...]
    rarity: Rarity
    training: Mapping[str, Any]
    sha256: str

    def of_kind(self, kind: str) -> tuple[Comparison, ...]:
        """The comparisons of one kind."""
        return tuple(comparison for comparison in self.comparisons if comparison.kind == kind)


_MODEL = "id title status source effective scale prior sure possible never_sure comparisons blocks rarity training"


def read_linkage_model(path: Path) -> LinkageModel:
    """Read a model; its id is the file's name, its hash that of the file's bytes."""
    facts = fields(read_yaml(path), path.name, _MODEL)
    one_of(facts["id"], (path.stem,), f"{path.name}: id")
    return linkage_model_of(facts, hashlib.sha256(path.read_bytes()).hexdigest())


def linkage_model_of(facts: Mapping[str, Any], sha256: str) -> LinkageModel:
    """A model from what its file says."""
    where = str(facts["id"])
    one_of(facts["status"], ("demonstration",), f"{where}: status")
    one_of(facts["scale"], (SCALE,), f"{where}: scale")
    said: dict[str, Any] = {
        key: typed(facts[key], str, f"{where}: {key}") for key in ("id", "title", "status", "source")
    }
    whole = {key: typed(facts[key], int, f"{where}: {key}") for key in ("prior", "sure", "possible")}
    if whole["possible"] >= whole["sure"]:
        message = f"{where}: possible must lie below sure"
        raise ValueError(message)
    guards = typed(facts["never_sure"], dict, f"{where}: never_sure")
    comparisons = tuple(
        _comparison(name, value, guards.get(name, []), where)
        for name, value in typed(facts["comparisons"], dict, where).items()
    )
    names = tuple(comparison.name for comparison in comparisons)
    for name in guards:
        one_of(name, names, f"{where}: never_sure")
    return LinkageModel(
        comparisons=comparisons,
        blocks=tuple(texts(block, f"{where}: blocks") for block in typed(facts["blocks"], list, where)),
        rarity=_rarity(facts["rarity"], f"{where}: rarity"),
        training=MappingProxyType(typed(facts["training"], dict, f"{where}: training")),
        effective=typed(facts["effective"], date, f"{where}: effective"),
        sha256=sha256,
        **(said | whole),
    )


def _comparison(name: str, value: object, guarded: Sequence[str], where: str) -> Comparison:
    where = f"{where}: {name}"
    facts = fields(value, where, "kind columns weights")
    kind = one_of(facts["kind"], LEVELS, f"{where}: kind")
    weights = fields(facts["weights"], f"{where}: weights", " ".join(LEVELS[kind]))
    for level, weight in weights.items():
        typed(weight, int, f"{where}: {level}")
    columns = texts(facts["columns"], where)
    once(Counter(columns), "columns", where)
    never_sure = tuple(one_of(level, LEVELS[kind], f"{where}: never_sure") for level in guarded)
    return Comparison(name, kind, columns, MappingProxyType(weights), never_sure)


def _rarity(value: object, where: str) -> Rarity:
    facts = fields(value, where, "unlisted ceiling words")
    words = {
        ascii_text(word, where): typed(weight, int, where)
        for word, weight in typed(facts["words"], dict, where).items()
    }
    numbers = {key: typed(facts[key], int, where) for key in ("unlisted", "ceiling")}
    return Rarity(MappingProxyType(words), **numbers)
