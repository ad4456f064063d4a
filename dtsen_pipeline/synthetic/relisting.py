"""The same people as two offices list them: names, birth dates, numbers and homes written with errors.

For judging record linkage only: no file of the city comes from here. The rates are assumptions in the size of
what is reported of such lists (see `docs/linkage.md`); the truth stands beside every row.
"""

# ruff: noqa: PLR2004 - shares, dates and codes are the model itself

from collections.abc import Callable, Mapping
from datetime import date

import numpy as np
import polars as pl
from numpy.random import Generator

from dtsen_pipeline.synthetic import city
from dtsen_pipeline.synthetic.draw import Bools, Ints, Streams, Texts, streams
from dtsen_pipeline.synthetic.people import FEMALE, MALE

RATES: Mapping[str, float] = {
    "name_title": 0.05,
    "name_abbreviated": 0.30,
    "name_by_sound": 0.03,
    "name_typo": 0.02,
    "name_part_lost": 0.02,
    "name_initial": 0.015,
    "name_spacing": 0.01,
    "name_turned": 0.003,
    "name_other": 0.002,
    "born_new_year": 0.02,
    "born_turned": 0.005,
    "born_part": 0.01,
    "born_missing": 0.005,
    "sex_wrong": 0.003,
    "card_changed": 0.06,
    "moved": 0.03,
    "nik_missing": 0.05,
    "nik_typo": 0.005,
    "nik_of_another": 0.004,
}
"""The share of rows of each list that carry each error; an abbreviation is drawn where the name allows it."""
LISTS = ("first", "second")
_TITLES = {MALE: ("H. ", "DRS. ", "IR. ", "DR. "), FEMALE: ("HJ. ", "DRA. ", "DR. ", "NY. ")}
_DEGREES = (", S.PD", ", S.E.", " SPD", ", S.KOM", ", M.SI", ", S.H., M.H.")
_SHORT = {"MUHAMMAD": ("MOH.", "MUH.", "MOCH.", "MOCHAMAD", "MUHAMAD", "MOHAMMAD", "MOHAMAD"), "SITI": ("ST.", "STI")}
_BY_SOUND = (
    ("U", "OE"), ("J", "DJ"), ("F", "P"), ("V", "F"), ("Z", "S"), ("Y", "J"), ("I", "IE"), ("KH", "CH"),
    ("SY", "SJ"), ("D", "DH"), ("T", "TH"), ("A", "AA"), ("N", "NN"), ("K", "Q"), ("AH", "A"),
)  # fmt: skip
_LETTERS = tuple("ABCDEFGHIJKLMNOPRSTUWY")
Edit = Callable[[Generator, str], str]


def relisted(families: int, seed: int, errors: float = 1.0) -> pl.DataFrame:
    """Two lists of the people of a city, every rate multiplied by `errors`.

    Columns: id, source (first, second), truth, nik, nama, tanggal_lahir (ISO day), jenis_kelamin, kelurahan, card,
    all text, blank cells null. About a tenth of the people stand in one list only.
    """
    stream = streams(seed)
    people = _people(stream, families)
    parts = [_listed(stream, people, name, errors) for name in LISTS]
    return (
        pl.concat(parts)
        .with_row_index("number")
        .select(
            pl.format("{}-{}", pl.col("source"), pl.col("number").cast(pl.String).str.zfill(8)).alias("id"),
            pl.exclude("number"),
        )
    )


def _people(stream: Streams, families: int) -> pl.DataFrame:
    """The people at home, with names of one to four words, and births spread over the year.

    The city has many of one birth date, since its ages are cut off at both ends; people have not.
    """
    world = city.build(stream, families)
    table, rng = world.people, stream("relisted names")
    home = table["home"]
    names = [str(name) for name in table["nama"]]
    sexes = table["jenis_kelamin"]
    return pl.DataFrame(
        {
            "truth": np.arange(len(home)),
            "nik": [str(number) for number in table["nomor_induk_kependudukan"]],
            "nama": _shaped(rng, names, [int(sex) for sex in sexes]),
            "tanggal_lahir": _iso(table["tanggal_lahir"] - rng.integers(0, 365, len(home))),
            "jenis_kelamin": [str(sex) for sex in sexes],
            "kelurahan": [str(code) for code in world.families["kode_kelurahan_desa"][home]],
            "card": [str(number) for number in world.families["nomor_kartu_keluarga"][home]],
        }
    )


def _iso(days: Ints) -> list[str]:
    return [date.fromordinal(int(day) + date(1970, 1, 1).toordinal()).isoformat() for day in days]


def _shaped(rng: Generator, names: list[str], sexes: list[int]) -> list[str]:
    """Some people bear MUHAMMAD or SITI before, `BIN` or `BINTI` within, or one word alone."""
    draw, found = rng.random(len(names)), []
    for name, sex, chance in zip(names, sexes, draw, strict=True):
        first, middle, last = name.split(" ")
        if chance < 0.10:
            found.append(f"{'SITI' if sex == FEMALE else 'MUHAMMAD'} {name}")
        elif chance < 0.13:
            found.append(f"{first} {'BINTI' if sex == FEMALE else 'BIN'} {middle} {last}")
        elif chance < 0.17:
            found.append(f"{first}{last}")
        elif chance < 0.37:
            found.append(f"{first} {last}")
        else:
            found.append(name)
    return found


def _listed(stream: Streams, people: pl.DataFrame, name: str, errors: float) -> pl.DataFrame:
    """One office's list: most of the people, in an order of its own."""
    rng = stream(f"list {name} {errors}")
    kept = np.flatnonzero(rng.random(people.height) >= 0.05)
    rows = people[rng.permutation(kept)]
    table = {column: rows[column].to_numpy().astype(np.object_) for column in rows.columns[1:]}

    def hit(kind: str) -> Bools:
        found: Bools = rng.random(rows.height) < RATES[kind] * errors
        return found

    table["nama"] = _misnamed(rng, table["nama"], table["jenis_kelamin"], hit)
    _misdate(rng, table, hit)
    _misplace(rng, table, hit)
    _misnumber(rng, table, hit)
    return pl.DataFrame(
        {"source": [name] * rows.height, "truth": rows["truth"]}
        | {column: pl.Series(list(values), dtype=pl.String) for column, values in table.items()}
    )


def _misnamed(rng: Generator, names: Texts, sexes: Texts, hit: Callable[[str], Bools]) -> Texts:
    others = rng.permutation(names)
    edits: dict[str, Edit] = {
        "name_by_sound": _by_sound,
        "name_typo": _typo,
        "name_part_lost": _part_lost,
        "name_initial": _initial,
        "name_spacing": lambda rng, name: _joined(rng, name, " ", ""),
        "name_turned": lambda _, name: " ".join(reversed(name.split(" "))),
        "name_abbreviated": _abbreviated,
    }
    written = np.where(hit("name_other"), others, names)
    for kind, edit in edits.items():
        for row in np.flatnonzero(hit(kind)):
            written[row] = edit(rng, written[row])
    for row in np.flatnonzero(hit("name_title")):
        title, degree = rng.choice(_TITLES[int(sexes[row])]), rng.choice(_DEGREES)
        written[row] = f"{title}{written[row]}" if rng.random() < 0.6 else f"{written[row]}{degree}"
    return written


def _typo(rng: Generator, text: str) -> str:
    """One letter wrong, left out, doubled by another, or two turned."""
    at, letter = int(rng.integers(0, len(text) - 1)), str(rng.choice(_LETTERS))
    ways = (
        text[:at] + letter + text[at + 1 :],
        text[:at] + text[at + 1 :],
        text[:at] + letter + text[at:],
        text[:at] + text[at + 1] + text[at] + text[at + 2 :],
    )
    return ways[int(rng.integers(0, len(ways)))]


def _by_sound(rng: Generator, name: str) -> str:
    usable = [pair for pair in _BY_SOUND if pair[0] in name]
    if not usable:
        return name
    old, new = usable[int(rng.integers(0, len(usable)))]
    return name.replace(old, new, 1)


def _part_lost(rng: Generator, name: str) -> str:
    words = name.split(" ")
    if len(words) == 1:
        return name
    words.pop(int(rng.integers(1, len(words))))
    return " ".join(words)


def _initial(rng: Generator, name: str) -> str:
    words = name.split(" ")
    at = int(rng.integers(0, len(words)))
    if len(words) > 1:
        words[at] = f"{words[at][0]}."
    return " ".join(words)


def _joined(rng: Generator, name: str, old: str, new: str) -> str:
    places = [place for place, letter in enumerate(name) if letter == old]
    if not places:
        return name
    at = int(rng.choice(places))
    return name[:at] + new + name[at + 1 :]


def _abbreviated(rng: Generator, name: str) -> str:
    first, _, rest = name.partition(" ")
    return f"{rng.choice(_SHORT[first])} {rest}" if rest and first in _SHORT else name


def _misdate(rng: Generator, table: dict[str, Texts], hit: Callable[[str], Bools]) -> None:
    born = table["tanggal_lahir"]
    for row in np.flatnonzero(hit("born_part")):
        born[row] = _other_part(rng, born[row])
    for row in np.flatnonzero(hit("born_turned")):
        year, month, day = born[row].split("-")
        born[row] = f"{year}-{day}-{month}" if int(day) <= 12 else born[row]
    for row in np.flatnonzero(hit("born_new_year")):
        born[row] = f"{born[row][:4]}-01-01"
    born[hit("born_missing")] = None
    wrong = hit("sex_wrong")
    sexes = table["jenis_kelamin"]
    sexes[wrong] = [str(MALE + FEMALE - int(sex)) for sex in sexes[wrong]]


def _other_part(rng: Generator, born: str) -> str:
    """Another day, month or year: a slip of a few units, or of ten years."""
    year, month, day = (int(part) for part in born.split("-"))
    way = int(rng.integers(0, 3))
    if way == 0:
        day = (day + int(rng.integers(0, 27))) % 28 + 1
    elif way == 1:
        month, day = (month + int(rng.integers(0, 11))) % 12 + 1, min(day, 28)
    else:
        year, day = year + int(rng.choice([-10, -2, -1, 1, 2, 10])), min(day, 28)
    return f"{year:04d}-{month:02d}-{day:02d}"


def _misplace(rng: Generator, table: dict[str, Texts], hit: Callable[[str], Bools]) -> None:
    """Some hold a card of another family, in its kelurahan or still in their own."""
    size = len(table["card"])
    donors = rng.integers(0, size, size)
    changed, moved = hit("card_changed"), hit("moved")
    cards, villages = table["card"][donors], table["kelurahan"][donors]
    table["card"] = np.where(changed | moved, cards, table["card"])
    table["kelurahan"] = np.where(moved, villages, table["kelurahan"])


def _misnumber(rng: Generator, table: dict[str, Texts], hit: Callable[[str], Bools]) -> None:
    numbers = table["nik"]
    others = rng.permutation(numbers)
    for row in np.flatnonzero(hit("nik_typo")):
        at = int(rng.integers(0, 12))
        numbers[row] = numbers[row][:at] + str(int(rng.integers(0, 10))) + numbers[row][at + 1 :]
    table["nik"] = np.where(hit("nik_of_another"), others, numbers)
    table["nik"][hit("nik_missing")] = None
