"""How closely two values agree: one level a pair of values, by the kind of comparison.

The two sides stand in columns that end in `_l` and `_r`; every comparison is the same both ways round. What a
level weighs is in the linkage model (see `reference.linking.LEVELS` for their names).
"""

from collections.abc import Callable, Sequence
from functools import reduce
from operator import and_, or_

import narwhals as nw

from dtsen_pipeline.core.names import LONGEST
from dtsen_pipeline.reference.linking import MISSING

NEAR = 2
"""The longest differing stretch of two texts that are near."""
LIKE = (3, 5)
"""The share of the longer text that two texts which are like have in common at their ends."""
NEW_YEAR = "-01-01"
"""How offices write a birth date of which only the year is known."""
Case = tuple[nw.Expr, str]


def code(column: str) -> nw.Expr:
    """Equal or not."""
    return _level([_missing(column), (_same(column), "exact")])


def text(column: str) -> nw.Expr:
    """Equal; differing in one short stretch; alike at the ends; other."""
    left, right = _sides(column)
    common = _common(left, right)
    longer = _longer(left, right)
    is_like = common * LIKE[1] >= longer * LIKE[0]
    return _level([_missing(column), (left == right, "exact"), (longer - common <= NEAR, "near"), (is_like, "like")])


def name(column: str) -> nw.Expr:
    """Equal but for spaces; equal by sound or in another order; near; part of each other; one word shared; other."""
    key, sound = f"{column}_key", f"{column}_sound"
    left, right = _sides(sound)
    is_near = _longer(left, right) - _common(left, right) <= NEAR
    return _level(
        [
            _missing(key),
            (_same(key), "exact"),
            (_same(sound) | _turned(column), "sound"),
            (is_near, "near"),
            (_contained(column, "_l", "_r") | _contained(column, "_r", "_l"), "part"),
            (_any_word(column), "word"),
        ]
    )


def date(column: str) -> nw.Expr:
    """ISO days: equal; the same year and a side is 1 January; one part differs or two change places; the same year."""
    left, right = _sides(column)
    same = [left.str.slice(*part) == right.str.slice(*part) for part in ((0, 4), (5, 2), (8, 2))]
    is_new_year = (left.str.slice(4) == NEW_YEAR) | (right.str.slice(4) == NEW_YEAR)
    swapped = (left.str.slice(5, 2) == right.str.slice(8, 2)) & (left.str.slice(8, 2) == right.str.slice(5, 2))
    year, month, day = same
    one_differs = (month & day) | (year & month) | (year & day)
    return _level(
        [
            _missing(column),
            (year & is_new_year, "placeholder"),
            (left == right, "exact"),
            (one_differs | (year & swapped), "near"),
            (year, "year"),
        ]
    )


def place(card: str, village: str) -> nw.Expr:
    """The same family card; another card in the same kelurahan; elsewhere."""
    unknown = [side.is_null() for side in (*_sides(card), *_sides(village))]
    is_unknown = (unknown[0] | unknown[1]) & (unknown[2] | unknown[3])
    return _level([(is_unknown, MISSING), (_same(card), "card"), (_same(village), "village")])


KINDS: dict[str, Callable[..., nw.Expr]] = {"code": code, "text": text, "name": name, "date": date, "place": place}


def _level(cases: Sequence[Case]) -> nw.Expr:
    """The level of the first case that holds; a case that cannot be told does not hold."""
    return nw.coalesce(*(nw.when(holds).then(nw.lit(level)) for holds, level in cases), nw.lit("other"))


def _sides(column: str) -> tuple[nw.Expr, nw.Expr]:
    return nw.col(f"{column}_l"), nw.col(f"{column}_r")


def _missing(column: str) -> Case:
    left, right = _sides(column)
    return left.is_null() | right.is_null(), MISSING


def _same(column: str) -> nw.Expr:
    left, right = _sides(column)
    return nw.coalesce(left == right, nw.lit(value=False))


def _longer(left: nw.Expr, right: nw.Expr) -> nw.Expr:
    return _larger(_length(left), _length(right))


def _length(side: nw.Expr) -> nw.Expr:
    return side.str.len_chars().cast(nw.Int64)


def _larger(a: nw.Expr, b: nw.Expr) -> nw.Expr:
    return nw.when(a > b).then(a).otherwise(b)


def _smaller(a: nw.Expr, b: nw.Expr) -> nw.Expr:
    return nw.when(a < b).then(a).otherwise(b)


def _common(left: nw.Expr, right: nw.Expr) -> nw.Expr:
    """Characters that two different texts have in common at the beginning and the end, none counted twice."""
    heads = [left.str.slice(0, size) == right.str.slice(0, size) for size in range(1, LONGEST + 1)]
    tails = [left.str.slice(-size) == right.str.slice(-size) for size in range(1, LONGEST + 1)]
    total = nw.sum_horizontal(*(same.cast(nw.Int64) for same in (*heads, *tails)))
    return _smaller(total, _smaller(_length(left), _length(right)))


def _words(column: str, side: str) -> list[nw.Expr]:
    return [nw.col(f"{column}_{place}{side}") for place in (1, 2, 3)]


def _turned(column: str) -> nw.Expr:
    """First and last word change places."""
    (first, middle, last), (other_first, other_middle, other_last) = _words(column, "_l"), _words(column, "_r")
    return (first == other_last) & (last == other_first) & (middle == other_middle) & (last != "")


def _contained(column: str, inner: str, outer: str) -> nw.Expr:
    """Every word of one name stands in the other, whole or by its first letter on either side."""
    return reduce(and_, (_held(word, _words(column, outer)) for word in _words(column, inner)))


def _held(word: nw.Expr, others: Sequence[nw.Expr]) -> nw.Expr:
    return reduce(or_, (_stands_for(word, other) for other in others), word == "")


def _stands_for(word: nw.Expr, other: nw.Expr) -> nw.Expr:
    is_initial = (word.str.len_chars() == 1) | (other.str.len_chars() == 1)
    return (word == other) | (is_initial & (word.str.slice(0, 1) == other.str.slice(0, 1)))


def _any_word(column: str) -> nw.Expr:
    pairs = [(mine, theirs) for mine in _words(column, "_l") for theirs in _words(column, "_r")]
    return reduce(or_, ((mine == theirs) & (mine != "") for mine, theirs in pairs))
