"""How far missing answers reach, family by family in plain Python: candidates for each group of inputs, then sums."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from tests.oracle import scores
from tests.oracle.values import PRESENCE

Person = Mapping[str, Any]
Facts = Mapping[str, Any]
Range = tuple[int, int]
LEVELS = ("sd", "smp", "sma")
NO_LEVEL_OR_ONE = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)]
MEMBER_ANSWERS = (
    "status_hubungan_keluarga",
    "tanggal_lahir",
    "jenis_kelamin",
    "status_kawin",
    "partisipasi_sekolah",
    "jenjang_tertinggi_yang_diduduki",
    "ijazah_tertinggi_yang_dimiliki",
)
HOUSE = {
    "floor_area_per_head": ("luas_lantai",),
    "floor_not_earth": ("jenis_lantai_terluas",),
    "wall_brick_or_cement": ("jenis_dinding_terluas",),
    "private_toilet": ("fasilitas_bab",),
    "no_firewood": ("bahan_bakar_utama_memasak",),
    "owns_house": ("status_kepemilikan_rumah",),
    "owns_ac": ("aset_bergerak_ac",),
    "owns_computer": ("aset_bergerak_komputer_laptop_tablet",),
    "owns_refrigerator": ("aset_bergerak_lemari_es",),
    "owns_bicycle": ("aset_bergerak_sepeda",),
    "owns_motorcycle": ("aset_bergerak_sepeda_motor",),
    "owns_car": ("aset_bergerak_mobil",),
    "owns_cattle": ("jumlah_ternak_sapi", "jumlah_ternak_kerbau"),
}


@dataclass(frozen=True)
class Side:
    """A family by one side's answers: its own row, and its members by their base pointer."""

    family: Facts
    members: Mapping[Any, Person]

    @property
    def present(self) -> dict[Any, Person]:
        """Who lives there."""
        return {who: person for who, person in self.members.items() if person[PRESENCE] in (1, None)}


def ranges(side: Side, on: date) -> dict[tuple[str, ...], Range]:
    """The least and the most that each group of inputs can add to the score."""
    members = list(side.present.values())
    known = scores.features(side.family, members, on)
    weights = {feature["name"]: int(feature["coefficient_micro"]) for feature in scores.model()["features"]}
    found = {}
    for names, candidates in _candidates(members, on).items():
        stated = [known[name] for name in names]
        values = [stated] if None not in stated else [c for c in candidates if _fits(c, stated)]
        costs = [sum(weights[name] * v for name, v in zip(names, value, strict=True)) for value in values]
        found[names] = (min(costs), max(costs))
    return found


def _fits(candidate: Sequence[int], stated: Sequence[int | None]) -> bool:
    return all(theirs in (None, mine) for mine, theirs in zip(candidate, stated, strict=True))


def _candidates(members: Sequence[Person], on: date) -> dict[tuple[str, ...], Iterable[Sequence[int]]]:
    size, ages = len(members), [scores.age(person, on) for person in members]
    unknown = ages.count(None)
    young = sum(age is not None and age < 5 for age in ages)
    minors = sum(age is not None and age < 15 for age in ages)
    elders = sum(age is not None and age > 64 for age in ages)
    found: dict[tuple[str, ...], Iterable[Sequence[int]]] = {
        ("household_size",): [],
        ("member_share",): [],
        ("head_age", "head_age_squared"): [(age, age * age) for age in range(121)],
        ("head_male", "head_married", "head_male_married"): [(m, k, m * k) for m in (0, 1) for k in (0, 1)],
        ("children_0_4",): [(young,), (young + unknown,)],
        ("children_0_14",): [(minors,), (minors + unknown,)],
        ("elders",): [(elders,), (elders + unknown,)],
        ("floor_area_per_head",): [(min(300, 10 * area // size),) for area in (1, 997)],
        tuple(f"head_completed_{level}" for level in LEVELS): NO_LEVEL_OR_ONE,
        tuple(f"highest_completed_{level}" for level in LEVELS): NO_LEVEL_OR_ONE,
    }
    pupils, silent = _pupils(members, ages)
    for level in LEVELS:
        found[(f"children_in_{level}",)] = [(pupils[level],), (pupils[level] + silent + unknown,)]
    return found | {(name,): [(0,), (1,)] for name in HOUSE if name != "floor_area_per_head"}


def _pupils(members: Sequence[Person], ages: Sequence[int | None]) -> tuple[dict[str, int], int]:
    """Pupils by level, and members of school age of whom it is not known."""
    count, silent = dict.fromkeys(LEVELS, 0), 0
    for person, age in zip(members, ages, strict=True):
        if age not in scores.SCHOOL_AGE:
            continue
        school, grade = person["partisipasi_sekolah"], person["jenjang_tertinggi_yang_diduduki"]
        if school is None or (school == 2 and grade is None):
            silent += 1
        elif school == 2:
            for level, codes in scores.SCHOOLS.items():
                count[level] += grade in codes
    return count, silent


def is_kept(names: tuple[str, ...], ministry: Side, found: Side) -> bool:
    """Whether verification left every answer behind these inputs as it was."""
    columns = [column for name in names for column in HOUSE.get(name, ())]
    if any(ministry.family[column] != found.family[column] for column in columns):
        return False
    if names[0] in HOUSE and names[0] != "floor_area_per_head":
        return True
    mine, theirs = ministry.present, found.present
    return mine.keys() == theirs.keys() and all(
        mine[who][name] == theirs[who][name] for who in mine for name in MEMBER_ANSWERS
    )


def verified(found: Side, on: date, cuts: Sequence[int]) -> Range:
    """The least and greatest decile of the verified score."""
    ends = ranges(found, on).values()
    start = int(scores.model()["intercept_micro"])
    low, high = (scores.decile(start + sum(part[end] for part in ends), cuts) for end in (0, 1))
    assert low is not None
    assert high is not None
    return low, high


def estimate(
    official: int, points: Range, ministry: Side, found: Side, on: date, cuts: Sequence[int]
) -> tuple[int, int]:
    """The least and greatest estimate; `points`: the ends of where the family may stand."""
    before, after = ranges(ministry, on), ranges(found, on)
    moved = [names for names in after if not is_kept(names, ministry, found)]
    least = sum(after[names][0] - before[names][1] for names in moved)
    most = sum(after[names][1] - before[names][0] for names in moved)
    if least == most == 0:
        return official, official
    low = scores.decile(points[0] + least, cuts)
    high = scores.decile(points[1] + most, cuts)
    assert low is not None
    assert high is not None
    return (min(low, official), max(high, official)) if least <= 0 <= most else (low, high)
