"""Which family cards are one family: in plain Python, from the member rows of the snapshots.

A card that stops and a card that starts later are one family where more than half of the persons of each are in the
other, one of them at least by the NIK; of several, the nearest in time, and none where two are equally near.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

Card = str


@dataclass(frozen=True)
class Someone:
    """A person of a card: who (NIK, birth date, sex; or name, birth date, sex), and the likeness if all is known."""

    who: tuple[object, ...]
    has_nik: bool
    likeness: tuple[object, ...] | None

    def is_in(self, others: Iterable["Someone"]) -> bool:
        """Whether one of the others is this person: the same number, or alike where one number is missing."""
        return any(self._is(other) for other in others)

    def _is(self, other: "Someone") -> bool:
        if self.has_nik and other.has_nik:
            return self.who == other.who
        return self.likeness is not None and self.likeness == other.likeness


@dataclass
class Chains:
    """The first and the last card of the family of a card, for the cards of families that changed theirs."""

    firsts: dict[Card, Card] = field(default_factory=dict)
    lasts: dict[Card, Card] = field(default_factory=dict)

    def first(self, card: Card) -> Card:
        """The card under which the family was listed first."""
        return self.firsts.get(card, card)

    def last(self, card: Card) -> Card:
        """The card under which the family was listed last."""
        return self.lasts.get(card, card)


def chains(
    standing: Iterable[tuple[str, Card]], people: Iterable[tuple[str, Card, Someone]], versions: Sequence[str]
) -> Chains:
    """The chains of cards.

    `standing`: the snapshots in which a card stands at all; `people`: who stands in them under which card and counts.
    """
    seen = defaultdict[Card, list[int]](list)
    for version, card in standing:
        seen[card].append(versions.index(version))
    members = defaultdict[tuple[int, Card], set[Someone]](set)
    for version, card, someone in people:
        members[versions.index(version), card].add(someone)
    ended = [card for card, times in seen.items() if max(times) < len(versions) - 1]
    begun = [card for card, times in seen.items() if min(times) > 0]
    fits = [
        (old, new)
        for old, new in _with_a_number_in_common(ended, begun, seen, members)
        if _fit(members[max(seen[old]), old], members[min(seen[new]), new])
    ]
    return _chained([pair for pair in fits if _is_nearest(pair, fits, seen)])


def _with_a_number_in_common(
    ended: Iterable[Card],
    begun: Iterable[Card],
    seen: dict[Card, list[int]],
    members: dict[tuple[int, Card], set[Someone]],
) -> set[tuple[Card, Card]]:
    owners = defaultdict[object, set[Card]](set)
    for card in ended:
        for one in members[max(seen[card]), card]:
            if one.has_nik:
                owners[one.who].add(card)
    return {
        (old, new)
        for new in begun
        for one in members[min(seen[new]), new]
        for old in (owners[one.who] if one.has_nik else ())
        if max(seen[old]) < min(seen[new])
    }


def _fit(before: set[Someone], after: set[Someone]) -> bool:
    return all(
        2 * len({one.who for one in mine if one.is_in(theirs)}) > len({one.who for one in mine})
        for mine, theirs in ((before, after), (after, before))
    )


def _is_nearest(pair: tuple[Card, Card], fits: Sequence[tuple[Card, Card]], seen: dict[Card, list[int]]) -> bool:
    starts = [min(seen[new]) for old, new in fits if old == pair[0]]
    stops = [max(seen[old]) for old, new in fits if new == pair[1]]
    start, stop = min(seen[pair[1]]), max(seen[pair[0]])
    return (start, stop) == (min(starts), max(stops)) and starts.count(start) == stops.count(stop) == 1


def _chained(links: Iterable[tuple[Card, Card]]) -> Chains:
    after = dict(links)
    before = {new: old for old, new in after.items()}
    found = Chains()
    for card in {*after, *before}:
        first = last = card
        while first in before:
            first = before[first]
        while last in after:
            last = after[last]
        found.firsts[card], found.lasts[card] = first, last
    return found
