"""The kinds of error and of change that are planted, by name; where and how often is `register`'s and `damage`'s work.

Every row that takes part is marked: both holders of a shared number, each copy and its original. What
follows from an error is not marked again: a shared number also contradicts the birth date of one holder, and
a broken family line leaves its members without a family.
"""

from collections.abc import Iterable

import numpy as np

from dtsen_pipeline.synthetic.draw import Bools, Ints, Texts

IN_REGISTER = {
    "nik_missing": "the member has no personal number",
    "nik_shared_two_people": "two people of different families carry one personal number",
    "nik_shared_same_family": "two people of one family carry one personal number",
    "nik_contradicts_birth_date": "the personal number was issued with another birth date",
    "nik_contradicts_sex": "the personal number was issued for the other sex",
    "deceased_still_listed": "the member is dead and still listed",
    "member_moved_still_listed": "the member left the family and is still listed in it",
    "member_not_found": "the member is listed and nobody knows them",
    "birth_in_future": "the recorded birth date lies after the data date",
    "two_heads": "the member is recorded as a second head of the family",
    "family_left_city": "the family has left the city and is still listed",
    "family_moved_within_city": "the family lives elsewhere in the city than recorded",
    "family_outside_city": "the family belongs to another regency",
}
IN_SNAPSHOT = {
    "member_orphan": "the family row of this member is absent",
    "family_without_members": "the member rows of this family are absent",
    "family_duplicate_identical": "a family row repeated exactly",
    "family_duplicate_differs": "a family row repeated with other values",
    "member_duplicate_identical": "a member row repeated exactly",
    "code_out_of_range": "a code that no list holds",
    "number_unreadable": "a number that is not one",
    "date_unreadable": "a date that is not one",
    "desil_11": "a decile of eleven",
    "nik_scientific": "a personal number in scientific notation, digits lost",
    "nik_decimal": "a personal number with .0 behind it",
    "line_missing_delimiter": "a line with a delimiter too few",
    "line_extra_delimiter": "a line with a delimiter too many",
    "line_bare_quote": "a line with a bare quote inside a cell",
    "line_truncated": "a line cut off in the middle",
    "line_undecodable": "a line with a byte that is not UTF-8",
}
IN_FIELD = {
    "visit_sent_twice": "a visit and its members that came in two batches",
    "visit_unknown_card": "a visit to a family card that no snapshot holds",
    "visit_expired": "a visit of 2022",
    "member_without_visit": "a member row whose visit is absent",
    "visit_time_unreadable": "a visit whose time is not one",
}
NO_ERROR = {
    "family_card_changed": "the family is listed under another card than before",
}
"""What happens to rows that nothing is wrong with: errors are planted in them as in others."""
KINDS = IN_REGISTER | IN_SNAPSHOT | IN_FIELD | NO_ERROR


def blank(size: int) -> Texts:
    """No kinds at all."""
    return np.full(size, "", dtype=np.object_)


def mark(kinds: Texts, rows: Ints | Bools, kind: str) -> None:
    """Add a kind to some rows."""
    if kind not in KINDS:
        raise KeyError(kind)
    kinds[rows] = _added(kinds[rows], kind)


def _added(held: Iterable[str], kind: str) -> list[str]:
    return [f"{text},{kind}" if text else kind for text in held]
