"""The demonstration model, the four desil and the estimate's scale, written from the model card in plain Python."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import yaml

from tests.oracle.values import PRESENCE, REFERENCE

Person = Mapping[str, Any]
Features = dict[str, int | None]
LEVELS = {"sd": range(1, 6), "smp": range(6, 11), "sma": range(11, 23)}
SCHOOLS = {"sd": range(1, 6), "smp": range(6, 11), "sma": range(11, 18)}
WORKING_AGE, SCHOOL_AGE = range(15, 65), range(5, 25)


@cache
def model() -> dict[str, Any]:
    """The model file."""
    found: dict[str, Any] = yaml.safe_load((REFERENCE / "models" / "demo_alatas_2008.yaml").read_text("utf-8"))
    return found


def weights(facts: Mapping[str, Any], place: str | None) -> dict[str, int] | None:
    """The weight of every feature, and of `""` the constant, by the section of a place; None where it has none."""
    if "sections" not in facts:
        found = {feature["name"]: feature["coefficient_micro"] for feature in facts["features"]}
        return found | {"": facts["intercept_micro"]}
    for section in facts["sections"]:
        if place is not None and any(place[: len(code)] == code for code in section["regions"]):
            return {**section["coefficients_micro"], "": section["intercept_micro"]}
    return None


def score(
    family: Mapping[str, Any], members: Iterable[Person], on: date, facts: Mapping[str, Any] | None = None
) -> int | None:
    """The score of a family by a model file's facts; None where a feature or its section is missing, or nobody lives
    there.
    """
    counted = [person for person in members if person[PRESENCE] in (1, None)]
    if not counted:
        return None
    found = features(family, counted, on) | {"": 1}
    known = weights(facts or model(), family.get("kode_kelurahan_desa"))
    if known is None:
        return None
    total = 0
    for name, weight in known.items():
        value = found[name]
        if value is None:
            return None
        total += weight * value
    return total


def features(family: Mapping[str, Any], members: Sequence[Person], on: date) -> Features:
    """Every feature of the card, None where it is missing."""
    found = _of_dwelling(family) | _of_head(members, on) | _of_members(members, on)
    size = len(members)
    area, cows = family["luas_lantai"], (family["jumlah_ternak_sapi"], family["jumlah_ternak_kerbau"])
    found["household_size"] = size
    found["member_share"] = 1000 // size
    found["floor_area_per_head"] = None if area is None else min(area * 10 // size, 300)
    found["owns_cattle"] = None if None in cows else int(sum(cows) > 0)
    return found


def age(person: Person, on: date) -> int | None:
    """Completed years; somebody born later counts as 0."""
    born: date | None = person["tanggal_lahir"]
    if born is None:
        return None
    return max(0, on.year - born.year - ((on.month, on.day) < (born.month, born.day)))


def level(person: Person) -> str | None:
    """The level of the highest certificate; None where it cannot be said."""
    certificate = person["ijazah_tertinggi_yang_dimiliki"]
    if certificate == 23 or (certificate is None and person["partisipasi_sekolah"] == 1):
        return "none"
    return next((name for name, codes in LEVELS.items() if certificate in codes), None)


def _flag(value: object, yes: Iterable[int], no: Iterable[int]) -> int | None:
    return 1 if value in tuple(yes) else 0 if value in tuple(no) else None


def _of_dwelling(family: Mapping[str, Any]) -> Features:
    def owns(asset: str) -> int | None:
        return _flag(family[f"aset_bergerak_{asset}"], (1,), (2,))

    return {
        "floor_not_earth": _flag(family["jenis_lantai_terluas"], (*range(1, 8), 9, 91), (8,)),
        "wall_brick_or_cement": _flag(family["jenis_dinding_terluas"], (1, 2), range(3, 8)),
        "private_toilet": _flag(family["fasilitas_bab"], (1,), range(2, 7)),
        "no_firewood": _flag(family["bahan_bakar_utama_memasak"], (*range(1, 10), 11, 12, 91), (10,)),
        "owns_house": _flag(family["status_kepemilikan_rumah"], (1,), range(2, 6)),
        "owns_ac": owns("ac"),
        "owns_computer": owns("komputer_laptop_tablet"),
        "owns_refrigerator": owns("lemari_es"),
        "owns_bicycle": owns("sepeda"),
        "owns_motorcycle": owns("sepeda_motor"),
        "owns_car": owns("mobil"),
    }


def _of_head(members: Sequence[Person], on: date) -> Features:
    heads = [person for person in members if person["status_hubungan_keluarga"] == 1]
    head = heads[0] if len(heads) == 1 else None
    years = age(head, on) if head else None
    male = _flag(head["jenis_kelamin"], (1,), (2,)) if head else None
    married = _flag(head["status_kawin"], (2,), (1, 3, 4)) if head else None
    reached = level(head) if head else None
    found: Features = {
        "head_age": years,
        "head_age_squared": None if years is None else years * years,
        "head_male": male,
        "head_married": married,
        "head_male_married": None if male is None or married is None else male * married,
    }
    return found | {f"head_completed_{name}": None if reached is None else int(reached == name) for name in LEVELS}


def _of_members(members: Sequence[Person], on: date) -> Features:
    known = [(person, years) for person in members if (years := age(person, on)) is not None]
    names = ["children_0_4", "children_0_14", "elders"]
    names += [f"{kind}_{name}" for name in LEVELS for kind in ("children_in", "highest_completed")]
    if len(known) < len(members):
        return dict.fromkeys(names)
    found: Features = {
        "children_0_4": sum(years < 5 for _, years in known),
        "children_0_14": sum(years < min(WORKING_AGE) for _, years in known),
        "elders": sum(years > max(WORKING_AGE) for _, years in known),
    }
    return found | _schooling(known) | _highest(known)


def _schooling(known: Sequence[tuple[Person, int]]) -> Features:
    young = [person for person, years in known if years in SCHOOL_AGE]
    pupils = [person for person in young if person["partisipasi_sekolah"] == 2]
    is_missing = any(person["partisipasi_sekolah"] is None for person in young)
    is_missing |= any(person["jenjang_tertinggi_yang_diduduki"] is None for person in pupils)
    return {
        f"children_in_{name}": None
        if is_missing
        else sum(person["jenjang_tertinggi_yang_diduduki"] in codes for person in pupils)
        for name, codes in SCHOOLS.items()
    }


def _highest(known: Sequence[tuple[Person, int]]) -> Features:
    reached = [level(person) for person, years in known if years >= 5]
    highest = next((name for name in reversed(LEVELS) if name in reached), "none")
    return {f"highest_completed_{name}": None if None in reached else int(highest == name) for name in LEVELS}


@dataclass(frozen=True)
class Ranked:
    """A family for the cut-offs: its shadow score and its official decile."""

    score: int
    official: int


def cut_offs(ranked: Sequence[Ranked]) -> tuple[int, ...]:
    """Cut k: the smallest score such that as many families lie at or below it as have an official decile <= k."""
    scores = sorted(family.score for family in ranked)
    cuts = []
    for decile in range(1, 10):
        wanted = sum(family.official <= decile for family in ranked)
        cuts.append(scores[wanted - 1] if wanted else scores[0] - 1)
    return tuple(cuts)


def decile(value: int | None, cuts: Sequence[int]) -> int | None:
    """The decile of a score; equal scores fall into the lower one."""
    return None if value is None else 1 + sum(cut < value for cut in cuts)


@dataclass(frozen=True)
class Scale:
    """The families that calibrated the cut-offs, and the cut-offs."""

    ranked: Sequence[Ranked]
    cuts: Sequence[int]

    def point(self, official: int, shadow: int) -> int:
        """Where a family of an official decile stands: the score at its place, inside its decile."""
        peers = [family.score for family in self.ranked if family.official == official]
        before = sum(family.official < official for family in self.ranked)
        place = before + sum(score < shadow for score in peers) + (peers.count(shadow) + 1) // 2
        found = sorted(family.score for family in self.ranked)[place - 1]
        if official > 1:
            found = max(found, self.cuts[official - 2] + 1)
        return min(found, self.cuts[official - 1]) if official < 10 else found

    def span(self, official: int) -> tuple[int, int]:
        """The lowest and highest point of an official decile; its edge where nobody is in it."""
        found = [self.point(official, family.score) for family in self.ranked if family.official == official]
        if not found:
            edge = self.cuts[official - 1] if official < 10 else self.cuts[-1] + 1
            return edge, edge
        return min(found), max(found)

    def estimate(self, official: int, verified: int, shadow: int) -> tuple[int, int]:
        """The estimated decile and its point."""
        at = self.point(official, shadow) + verified - shadow
        cut = decile(at, self.cuts)
        assert cut is not None
        return (official if verified == shadow else cut), at
