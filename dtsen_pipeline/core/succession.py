"""Families that go on under another card: matched between snapshots by who belongs to them.

Which cards are one family, from the identifying fields of the member rows alone; reviewers' decisions about persons
take no part. Ids and aliases are given in `identity`.
"""

from collections.abc import Sequence
from itertools import pairwise

import narwhals as nw

from dtsen_pipeline.core.engine import Engine, Frame
from dtsen_pipeline.core.entities import CARD, ID_NAME, NIK, born_text, sex_text

BEFORE, AFTER = "before_card", "after_card"


def first_cards(cards: Frame, members: Frame, versions: Sequence[str], engine: Engine) -> Frame | None:
    """Each card under which a family goes on, and the card it was first listed under: CARD, first_card.

    None where no family changed its card. `cards`: card and version of every family row; `members`: valid member
    rows with version, own_key and fate; `versions`: oldest first. Two cards are one family where the first stands in
    no later snapshot and the second in no earlier one, more than half of the persons of each (in the snapshot that
    had the card last, or first) are found in the other, and one of them at least by the NIK. A person without a NIK
    is found by name, birth date and sex, all known. Of several that would fit, the nearest snapshot counts; where
    two of one snapshot fit, neither does.
    """
    if len(versions) == 1:
        return None
    places = list(range(len(versions)))
    nth = nw.col("version").replace_strict(list(versions), places, default=None, return_dtype=nw.Int64)
    standing = nw.concat([cards.select(CARD, "version"), members.select(CARD, "version")]).with_columns(nth=nth)
    spans = standing.group_by(CARD).agg(first=nw.col("nth").min(), last=nw.col("nth").max())
    changing = engine.checkpoint(spans.filter((nw.col("first") > 0) | (nw.col("last") < len(versions) - 1)))
    active = members.filter(nw.col("fate") == "active").with_columns(nth=nth)
    before = engine.checkpoint(_people(active, changing.filter(nw.col("last") < len(versions) - 1), "last", BEFORE))
    after = engine.checkpoint(_people(active, changing.filter(nw.col("first") > 0), "first", AFTER))
    followed = engine.checkpoint(_followed(before, after, engine))
    if engine.fetch(followed.head(1)).is_empty():
        return None
    return engine.checkpoint(_first(followed, versions))


def _people(active: Frame, spans: Frame, edge: str, card: str) -> Frame:
    """The persons of each card in the snapshot at one edge of its span: `card`, `edge`, person, nik, like."""
    like = nw.concat_str(nw.col(ID_NAME), born_text(), sex_text(), separator="|")
    is_known = (born_text() != "") & (sex_text() != "")
    rows = active.join(spans.select(CARD, edge), on=CARD, how="inner").filter(nw.col("nth") == nw.col(edge))
    return rows.select(
        nw.col(CARD).alias(card), edge, NIK, person="own_key", like=nw.when(is_known).then(like)
    ).unique()


def _followed(before: Frame, after: Frame, engine: Engine) -> Frame:
    """The pairs of cards that are one family."""
    left = before.select(BEFORE, "last", "like", mine="person", my_nik=NIK)
    right = after.select(AFTER, "first", "like", theirs="person", their_nik=NIK)
    numbered = right.filter(~nw.col("their_nik").is_null()).drop("like")
    same = left.drop("like").join(numbered, left_on="mine", right_on="theirs", how="inner")
    told = [BEFORE, AFTER, "last", "first", "mine", "theirs"]
    named = same.filter(nw.col("last") < nw.col("first")).with_columns(theirs="mine").select(told)
    named = engine.checkpoint(named)
    alike = (
        named.select(BEFORE, AFTER)
        .unique()
        .join(left, on=BEFORE, how="inner")
        .join(right, on=[AFTER, "like"], how="inner")
        .filter(nw.col("my_nik").is_null() | nw.col("their_nik").is_null())
        .select(told)
    )
    shared = nw.concat([named, alike])
    fitting = _mostly(_mostly(shared, before, BEFORE, "mine"), after, AFTER, "theirs")
    return _nearest(engine.checkpoint(fitting.select(BEFORE, AFTER, "last", "first").unique()))


def _mostly(shared: Frame, people: Frame, card: str, person: str) -> Frame:
    """The shared persons of those pairs that share more than half of the persons of one side."""
    sizes = people.select(card, "person").unique().group_by(card).agg(size=nw.len())
    counts = shared.select(BEFORE, AFTER, person).unique().group_by(BEFORE, AFTER).agg(shared=nw.len())
    enough = counts.join(sizes, on=card, how="inner").filter(nw.col("shared") * 2 > nw.col("size"))
    return shared.join(enough.select(BEFORE, AFTER), on=[BEFORE, AFTER], how="semi")


def _nearest(fitting: Frame) -> Frame:
    """Pairs that are the nearest for both sides, where no other of the same snapshot fits either."""
    ranked = fitting.with_columns(
        next=nw.col("first").min().over(BEFORE),
        previous=nw.col("last").max().over(AFTER),
        heirs=nw.len().over(BEFORE, "first"),
        forerunners=nw.len().over(AFTER, "last"),
    )
    is_nearest = (nw.col("first") == nw.col("next")) & (nw.col("last") == nw.col("previous"))
    return ranked.filter(is_nearest, nw.col("heirs") == 1, nw.col("forerunners") == 1).select(BEFORE, AFTER)


def _first(followed: Frame, versions: Sequence[str]) -> Frame:
    """Each later card with the first of its chain, which has one card a snapshot at most."""
    found = followed.select(nw.col(AFTER).alias(CARD), first_card=BEFORE)
    steps = followed.select(first_card=AFTER, earlier=BEFORE)
    for _ in pairwise(versions[1:]):
        further = found.join(steps, on="first_card", how="left")
        found = further.with_columns(first_card=nw.coalesce("earlier", "first_card")).drop("earlier")
    return found
