"""What happened to families and persons, event by event, as the snapshots and the visits show it.

Born or listed for the first time, moved, gone, died, alive after all, listed no more, listed again; and for families
also another card, split off, merged into another. A pure function of tied rows; whose rows they are is `identity`'s
work, and which values are published is `merge`'s. The oldest snapshot is where the genealogy begins, so that nobody in
it has a first event.
"""

from collections.abc import Mapping, Sequence
from datetime import date

import narwhals as nw

from dtsen_pipeline.core.engine import Engine, Frame
from dtsen_pipeline.core.entities import BORN, CARD
from dtsen_pipeline.core.rows import ROW
from dtsen_pipeline.schemas.tables import FAMILY, MEMBER

PRESENT, DIED, MOVED, ABROAD, NEW = 1, 2, 3, 4, 5
THERE, LEFT = (PRESENT, NEW), (MOVED, ABROAD)
PRESENCE = "keberadaan_anggota"
DAY, FROM, TO = "hari", "dari_id", "ke_id"
EVENT = ("tabel", "entity_id", "peristiwa", DAY, FROM, TO, *ROW)
LAST_DAY = "9999-12-31"
"""Where the register's word stands in the order of what is told."""
MOMENT = (DAY, "rank", "at", *ROW)
"""The order of what is told of a person: of one day, visits come before the snapshot."""


def genealogy(
    cards: Frame,
    persons: Frame,
    presences: Frame,
    dates: Mapping[str, date],
    engine: Engine,
    words: Frame | None = None,
) -> Frame:
    """The events: tabel, entity_id, peristiwa, hari, dari_id and ke_id (families), and the row that shows it.

    `cards`: family rows in use (version, card, family_id); `persons`: member rows in use (version, family_id,
    person_id, birth date); `presences`: member rows of visits in use (person_id, family_id, birth date, presence,
    hari and at); `dates`: data dates by version, oldest first; `words`: the population register's (person_id, src, row,
    presence and hari), which are final: they come after everything that is told, whatever their day.
    """
    has_older = len(dates) > 1
    final = None if words is None else engine.checkpoint(words.filter(~nw.col(PRESENCE).is_null()))
    told = [presences] if final is None else [presences, final]
    met = nw.concat([rows.select("person_id") for rows in told]).unique()
    known = persons if has_older else persons.join(met, on="person_id", how="semi")
    people = engine.checkpoint(
        _listed(known.select("person_id", "version", "family_id", BORN, *ROW), "person_id", dates)
    )
    found = _of_persons(people, presences, dates, engine, final)
    if has_older:
        families = engine.checkpoint(_listed(cards.select("family_id", "version", CARD, *ROW), "family_id", dates))
        found += _of_families(families, people, dates, engine)
    events = nw.concat(found)
    if final is not None:
        stated = final.select(*ROW, stated=DAY)
        events = events.join(stated, on=list(ROW), how="left").with_columns(nw.coalesce("stated", DAY).alias(DAY))
    return events.select(*EVENT).with_columns(nw.col(DAY).str.to_date("%Y-%m-%d"))


def _finally(final: Frame, seen: Frame) -> Frame:
    """The register's words as statements after all others, by the family where the person was seen last."""
    numbered = seen.with_columns(last=nw.col("seat").max().over("person_id")).filter(nw.col("seat") == nw.col("last"))
    homes = numbered.select("person_id", "family_id", born=BORN)
    placed = final.join(homes, on="person_id", how="inner").with_columns(nw.col("born").alias(BORN))
    return placed.select(
        "person_id",
        "family_id",
        BORN,
        PRESENCE,
        nw.lit(LAST_DAY).alias(DAY),
        nw.lit(0, dtype=nw.Int64).alias("at"),
        *ROW,
        rank=nw.lit(0, dtype=nw.Int64),
    )


def _listed(rows: Frame, entity: str, dates: Mapping[str, date]) -> Frame:
    """The first row of each entity in each snapshot: nth (oldest 0), hari, and the listings before and after it."""
    versions, days = list(dates), [day.isoformat() for day in dates.values()]
    version = nw.col("version")
    placed = rows.with_columns(
        version.replace_strict(versions, days, default=None, return_dtype=nw.String).alias(DAY),
        nth=version.replace_strict(versions, list(range(len(dates))), default=None, return_dtype=nw.Int64),
        of=nw.col("row").cum_count().over(entity, "version", order_by=list(ROW)),
    ).filter(nw.col("of") == 1)
    return placed.drop("of", "version").with_columns(
        before=nw.col("nth").shift(1).over(entity, order_by="nth"),
        after=nw.col("nth").shift(-1).over(entity, order_by="nth"),
    )


def _event(
    rows: Frame, table: str, entity: str, code: str | nw.Expr, left: str | None = None, joined: str | None = None
) -> Frame:
    nobody = nw.lit(None, dtype=nw.String)
    return rows.select(
        nw.lit(table).alias("tabel"),
        nw.col(entity).alias("entity_id"),
        (nw.lit(code) if isinstance(code, str) else code).alias("peristiwa"),
        DAY,
        (nw.col(left) if left else nobody).alias(FROM),
        (nw.col(joined) if joined else nobody).alias(TO),
        *ROW,
    )


def _of_persons(
    people: Frame, presences: Frame, dates: Mapping[str, date], engine: Engine, final: Frame | None
) -> list[Frame]:
    said = engine.checkpoint(
        presences.select("person_id", "family_id", BORN, PRESENCE, DAY, "at", *ROW, rank=nw.lit(0, dtype=nw.Int64))
    )
    seen = engine.checkpoint(_seen(people, said))
    if final is not None:
        said = engine.checkpoint(nw.concat([said, _finally(final, seen)]))
    moved = seen.filter(nw.col("family_id") != nw.col("last_home"))
    return [
        _first(seen, people, dates),
        _event(moved, MEMBER, "person_id", "pindah", "last_home", "family_id"),
        _event(_gone(said, seen, engine), MEMBER, "person_id", "pindah_keluar", "family_id"),
        *_deaths(said),
        *_gaps(people, MEMBER, "person_id", dates, home="family_id"),
    ]


def _seen(people: Frame, said: Frame) -> Frame:
    """Where a person was seen, in order: visits, and listings that name another family than the listing before."""
    last_listed = nw.col("family_id").shift(1).over("person_id", order_by="nth")
    news = people.with_columns(last_listed=last_listed).filter(
        nw.col("last_listed").is_null() | (nw.col("last_listed") != nw.col("family_id"))
    )
    names = ["person_id", "family_id", BORN, *MOMENT]
    zero, one = nw.lit(0, dtype=nw.Int64), nw.lit(1, dtype=nw.Int64)
    both = nw.concat(
        [
            news.with_columns(rank=one, at=zero).select(names),
            said.filter(nw.col(PRESENCE).is_in(THERE)).select(names),
        ]
    )
    return both.with_columns(
        seat=nw.col("row").cum_count().over("person_id", order_by=list(MOMENT)),
        last_home=nw.col("family_id").shift(1).over("person_id", order_by=list(MOMENT)),
    )


def _first(seen: Frame, people: Frame, dates: Mapping[str, date]) -> Frame:
    """The first sighting of each person whom the oldest snapshot does not list."""
    new = seen.filter(nw.col("seat") == 1).join(
        people.filter(nw.col("nth") == 0).select("person_id"), on="person_id", how="anti"
    )
    is_born = nw.coalesce(nw.col(BORN) > nw.lit(next(iter(dates.values()))), nw.lit(value=False))
    code = nw.when(is_born).then(nw.lit("lahir")).otherwise(nw.lit("tercatat"))
    return _event(new, MEMBER, "person_id", code, joined="family_id")


def _gone(said: Frame, seen: Frame, engine: Engine) -> Frame:
    """Who left, as told by the family where the person was seen last; said again without a return, it is not told."""
    left = said.filter(nw.col(PRESENCE).is_in(LEFT)).select("person_id", "family_id", *MOMENT)
    earlier = seen.select("person_id", "seat", home="family_id", **{f"seen_{name}": name for name in MOMENT})
    pairs = left.join(earlier, on="person_id", how="inner").filter(_is_before(MOMENT))
    last = pairs.with_columns(latest=nw.col("seat").max().over(*ROW)).filter(nw.col("seat") == nw.col("latest"))
    own = engine.checkpoint(last.filter(nw.col("home") == nw.col("family_id")))
    nth = nw.col("row").cum_count().over("person_id", "seat", order_by=list(MOMENT))
    return own.with_columns(nth=nth).filter(nw.col("nth") == 1)


def _is_before(names: Sequence[str]) -> nw.Expr:
    """Whether the moment seen comes before the row's own, by the columns `names` in this order."""
    seen, own = nw.col(f"seen_{names[0]}"), nw.col(names[0])
    return seen < own if len(names) == 1 else (seen < own) | ((seen == own) & _is_before(names[1:]))


def _deaths(said: Frame) -> list[Frame]:
    """Who died, and who was met after all; a snapshot that still lists the dead says nothing."""
    living = said.filter(nw.col(PRESENCE).is_in([*THERE, DIED])).with_columns(
        last=nw.col(PRESENCE).shift(1).over("person_id", order_by=list(MOMENT))
    )
    was_dead = nw.coalesce(nw.col("last") == DIED, nw.lit(value=False))
    is_dead = nw.col(PRESENCE) == DIED
    return [
        _event(living.filter(is_dead & ~was_dead), MEMBER, "person_id", "meninggal", "family_id"),
        _event(living.filter(~is_dead & was_dead), MEMBER, "person_id", "hidup_kembali", joined="family_id"),
    ]


def _gaps(listed: Frame, table: str, entity: str, dates: Mapping[str, date], home: str | None = None) -> list[Frame]:
    """Entities that the next snapshot lists no more (shown by their last row), and those listed again."""
    days = [day.isoformat() for day in dates.values()]
    newest = len(days) - 1
    if not newest:
        return []
    following = nw.col("nth").replace_strict(list(range(newest)), days[1:], default=None, return_dtype=nw.String)
    lost = listed.filter(
        nw.col("nth") < newest, nw.col("after").is_null() | (nw.col("after") > nw.col("nth") + 1)
    ).with_columns(following.alias(DAY))
    again = listed.filter(nw.col("before") < nw.col("nth") - 1)
    return [
        _event(lost, table, entity, "tidak_tercatat", left=home),
        _event(again, table, entity, "tercatat_kembali", joined=home),
    ]


def _of_families(families: Frame, people: Frame, dates: Mapping[str, date], engine: Engine) -> list[Frame]:
    renewed = families.with_columns(last_card=nw.col(CARD).shift(1).over("family_id", order_by="nth"))
    new = families.filter(nw.col("before").is_null(), nw.col("nth") > 0)
    spans = engine.checkpoint(families.group_by("family_id").agg(first=nw.col("nth").min(), last=nw.col("nth").max()))
    moved = engine.checkpoint(_moved(people, spans))
    return [
        _event(renewed.filter(nw.col(CARD) != nw.col("last_card")), FAMILY, "family_id", "kartu_berubah"),
        _event(new, FAMILY, "family_id", "tercatat"),
        _event(_one_a_pair(moved.filter(nw.col("first") == nw.col("nth"))), FAMILY, TO, "pecah", FROM),
        _event(
            _one_a_pair(moved.filter(nw.col("last") < nw.col("nth"), nw.col("first") < nw.col("nth"))),
            FAMILY,
            FROM,
            "gabung",
            joined=TO,
        ),
        *_gaps(families, FAMILY, "family_id", dates),
    ]


def _moved(people: Frame, spans: Frame) -> Frame:
    """Persons listed in another family than before: `first` snapshot of the new one, `last` of the old one."""
    listed = people.with_columns(last_home=nw.col("family_id").shift(1).over("person_id", order_by="nth"))
    moved = listed.filter(nw.col("last_home") != nw.col("family_id")).select(
        nw.col("last_home").alias(FROM), nw.col("family_id").alias(TO), "nth", DAY, *ROW
    )
    begun = spans.select(nw.col("family_id").alias(TO), "first")
    ended = spans.select(nw.col("family_id").alias(FROM), "last")
    return moved.join(begun, on=TO, how="inner").join(ended, on=FROM, how="inner")


def _one_a_pair(moved: Frame) -> Frame:
    """The first person's row of each two families and snapshot."""
    nth = nw.col("row").cum_count().over(FROM, TO, "nth", order_by=list(ROW))
    return moved.with_columns(of=nth).filter(nw.col("of") == 1)
