"""Which person a visit's member row speaks of.

A row is tied to a person already known, becomes a new person when its identity is complete, or is held for a
reviewer when neither can be said. Blank birth date or sex means "not asked" and contradicts nothing. Whom the
linkage is sure of is tied last (see `sure_links`).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import narwhals as nw

from dtsen_pipeline.core import sure_links
from dtsen_pipeline.core.engine import Engine, Frame
from dtsen_pipeline.core.entities import (
    BORN,
    CARD,
    ID_NAME,
    NIK,
    SEX,
    VISIT_ID,
    born_text,
    is_same_birth,
    person_key,
    sex_text,
    with_person_id,
)
from dtsen_pipeline.core.rows import ROW, aside, repeated_rows
from dtsen_pipeline.schemas.columns import CLEARED_TEXT
from dtsen_pipeline.schemas.tables import VISIT_MEMBER

PRESENT, NEW = 1, 5


@dataclass(frozen=True)
class Known:
    """What ties rows beside the persons themselves.

    `base`: the version whose persons come first. `same`: ids of new persons that reviewers tied to others; `apart`:
    ids that they keep apart. `linking`: the persons' records as the linkage knows them, None where it ties nobody.
    """

    base: str
    same: Mapping[str, str]
    apart: Collection[frozenset[str]]
    linking: sure_links.Linking | None


@dataclass(frozen=True)
class Tied:
    """`rows`: visit-member rows with person_id, family_id, day, at and own_key; `aside`: rows that take no part.

    `links`: the edges by which the linkage tied rows.
    """

    rows: Frame
    aside: Frame
    links: Frame


def tie(rows: Frame, visits: Frame, persons: Frame, known: Known, engine: Engine, key: bytes) -> Tied:
    """Tie visit-member rows to persons.

    `visits`: every valid visit with its fate, family and moment. `persons`: the snapshots' tied member rows.
    """
    placed = _placed(rows, visits, engine)
    active = placed.filter(nw.col("fate") == "active")
    candidates = engine.checkpoint(_known(persons, known.base))
    found = with_person_id(_decided(active, candidates), "new_key", "new_id", engine, key)
    first = engine.checkpoint(_same(found, known.same))
    newcomers = engine.checkpoint(
        first.filter(~nw.col("new_id").is_null())
        .select(person_id="new_id", family_id="family_id", nik=NIK, id_name=ID_NAME, born="born", sex="sex")
        .unique()
    )
    is_settled = nw.col("held").is_null() | (nw.col("held") != "H_PERSON_UNKNOWN")
    open_rows = first.filter(~is_settled).select(*active.collect_schema().names())
    second = _decided(open_rows, newcomers)
    settled = first.filter(is_settled).with_columns(person_id=nw.coalesce(nw.col("person_id"), nw.col("new_id")))
    names = [*active.collect_schema().names(), "person_id", "held"]
    exact = engine.checkpoint(nw.concat([settled.select(names), second.select(names)]))
    tied, links = _linked(exact, persons, known, engine, key)
    return Tied(
        rows=tied.filter(~nw.col("person_id").is_null()),
        aside=nw.concat(
            [
                _set_aside(placed.filter(nw.col("fate") != "active"), nw.col("fate"), "reason"),
                _set_aside(tied.filter(nw.col("person_id").is_null()), nw.lit("held"), "held"),
            ]
        ),
        links=links,
    )


def _linked(exact: Frame, persons: Frame, known: Known, engine: Engine, key: bytes) -> tuple[Frame, Frame]:
    """The rows with the person that the linkage is sure of, where the exact rules know nobody; and the edges.

    Only rows with name, birth date and sex can be tied so: new persons, and rows of nobody known that are held.
    """
    if known.linking is None:
        return exact, engine.load(sure_links.NONE)
    listed = persons.select("person_id").unique()
    strangers = engine.checkpoint(_strangers(exact, listed, engine, key))
    named = exact.join(strangers.select(*ROW, lone_id="person_id"), on=list(ROW), how="left")
    calls = engine.checkpoint(named.with_columns(lone_id=nw.coalesce("lone_id", "person_id")))
    visited = calls.select(VISIT_ID, person_id="lone_id")
    edges, person_of = sure_links.with_visits(strangers, visited, persons, known.linking, known.apart, engine)
    if not edges:
        return exact, engine.load(sure_links.NONE)
    person = nw.col("lone_id").replace_strict(
        list(person_of), list(person_of.values()), default=None, return_dtype=nw.String
    )
    tied = calls.with_columns(person_id=nw.coalesce(person, nw.col("person_id"))).drop("lone_id")
    return engine.checkpoint(tied), engine.load(sure_links.table(edges, person_of, known.linking, engine, key))


def _strangers(exact: Frame, listed: Frame, engine: Engine, key: bytes) -> Frame:
    """The complete rows whose person no snapshot lists, with the `person_id` of one who is met for the first time."""
    is_complete = ~nw.col(ID_NAME).is_null() & (nw.col("born") != "") & (nw.col("sex") != "")
    is_nobody = nw.coalesce(nw.col("held") == "H_PERSON_UNKNOWN", nw.lit(value=True))
    unlisted = exact.join(listed, on="person_id", how="anti").filter(is_complete, is_nobody)
    lone = with_person_id(unlisted, "family_key", "lone_id", engine, key)
    is_own = nw.coalesce(nw.col("person_id") == nw.col("lone_id"), nw.lit(value=True))
    own = lone.filter(is_own).with_columns(person_id="lone_id").drop("lone_id")
    return own.join(listed, on="person_id", how="anti")


def _same(rows: Frame, same: Mapping[str, str]) -> Frame:
    if not same:
        return rows
    new_id = nw.col("new_id")
    known = new_id.replace_strict(list(same), list(same.values()), default=None, return_dtype=nw.String)
    return rows.with_columns(new_id=nw.coalesce(known, new_id))


def _set_aside(rows: Frame, fate: nw.Expr, reason: str) -> Frame:
    return aside(rows, VISIT_MEMBER, fate, nw.col(reason))


def _placed(rows: Frame, visits: Frame, engine: Engine) -> Frame:
    """Each row with its visit's family, day and moment, its own key and its fate; one visit a row."""
    twins = repeated_rows(rows, (VISIT_ID, NIK, ID_NAME), VISIT_MEMBER, engine)
    narrow = rows.select(*ROW, VISIT_ID, "keberadaan_anggota", _asked_nik(), ID_NAME, BORN, SEX)
    return engine.checkpoint(
        narrow.with_columns(born=born_text(), sex=sex_text())
        .join(_one_a_visit(visits), on=VISIT_ID, how="left")
        .join(twins, on=list(ROW), how="left")
        .with_columns(
            fate=_fate(), reason=_reason(), own_key=person_key("sent_card"), family_key=person_key("first_card")
        )
    )


def _asked_nik() -> nw.Expr:
    """The NIK a row gives; none where the officer was told that there is none."""
    return nw.when(nw.col(NIK) != CLEARED_TEXT).then(nw.col(NIK)).alias(NIK)


def _one_a_visit(visits: Frame) -> Frame:
    """The row of each visit id that its members follow: one in use before others, then the latest.

    `card`: the family's card in the base snapshot; `sent_card`: the one that the visit names.
    """
    rank = nw.when(nw.col("fate") == "active").then(nw.lit(1)).otherwise(nw.lit(0))
    used = visits.filter(nw.col("fate") == "active").group_by(VISIT_ID)
    several = used.agg(low=nw.col("family_id").min(), high=nw.col("family_id").max()).with_columns(
        is_torn=nw.col("low") != nw.col("high")
    )
    fate = nw.when(nw.col("is_torn")).then(nw.lit("torn")).otherwise(nw.col("fate"))
    torn = visits.join(several.select(VISIT_ID, "is_torn"), on=VISIT_ID, how="left")
    numbered = torn.with_columns(rank=rank, fate=fate).with_columns(
        nth=nw.col("row").cum_count().over(VISIT_ID, order_by=["rank", "at", *ROW]),
        of=nw.len().over(VISIT_ID),
    )
    return numbered.filter(nw.col("nth") == nw.col("of")).select(
        VISIT_ID,
        "versi_dilihat",
        "family_id",
        "day",
        "hari",
        "at",
        "first_card",
        "kelurahan",
        card="home_card",
        sent_card=CARD,
        visit_fate=nw.col("fate"),
    )


def _fate() -> nw.Expr:
    is_open = nw.col("visit_fate").is_null() | (nw.col("visit_fate") == "torn")
    return nw.coalesce(nw.col("twin"), nw.when(is_open).then(nw.lit("held")), nw.col("visit_fate"))


def _reason() -> nw.Expr:
    unsent = nw.when(nw.col("visit_fate").is_null()).then(nw.lit("H_VISIT_UNKNOWN"))
    held = nw.when(nw.col("visit_fate") == "held").then(nw.lit("H_VISIT_HELD"))
    torn = nw.when(nw.col("visit_fate") == "torn").then(nw.lit("H_VISIT_TWICE"))
    outside = nw.when(nw.col("visit_fate") == "out_of_scope").then(nw.lit("O_CITY"))
    return nw.when(nw.col("twin").is_null()).then(nw.coalesce(unsent, held, torn, outside))


def _known(persons: Frame, base: str) -> Frame:
    """Persons of the snapshots as candidates, a row a record: person_id, family_id, nik, id_name, born, sex.

    Those of older snapshots count only where the base snapshot has nobody with their NIK or their name at home.
    """
    facts = ["person_id", "family_id", "nik", "id_name", "born", "sex"]
    named = persons.with_columns(nik=nw.col(NIK))
    current = named.filter(nw.col("version") == base).select(facts)
    older = named.filter(nw.col("version") != base).select(facts)
    left = older.join(current.select("nik"), on="nik", how="anti")
    alike = current.select("family_id", "id_name")
    return nw.concat([current, left.join(alike, on=["family_id", "id_name"], how="anti")])


def _decided(rows: Frame, candidates: Frame) -> Frame:
    """`rows` with person_id, or new_key of a person to be made, or held with a reason code."""
    counted = _by_nik(rows, candidates)
    counted = _by_name(counted, candidates)
    by_nik = (
        nw.when(nw.col("nik_home") == 1)
        .then(nw.col("nik_home_id"))
        .otherwise(nw.when(nw.col("nik_agree") == 1).then(nw.col("nik_agree_id")))
    )
    is_unknown = nw.col("nik_all").is_null()
    by_name = nw.when(is_unknown & (nw.col("name_all") == 1)).then(nw.col("name_id"))
    return (
        counted.with_columns(person_id=nw.coalesce(by_nik, by_name))
        .with_columns(new_key=_new_key())
        .with_columns(held=_held())
    )


def _new_key() -> nw.Expr:
    """The key of a person met for the first time: present or new, identity complete, nobody like it."""
    is_there = nw.col("keberadaan_anggota").is_in([PRESENT, NEW])
    is_complete = ~nw.col(ID_NAME).is_null() & (nw.col("born") != "") & (nw.col("sex") != "")
    is_nobody = nw.col("nik_all").is_null() & nw.col("name_all").is_null()
    is_other = (nw.col("keberadaan_anggota") == NEW) & (nw.col("nik_agree") == 0)
    is_new = is_there & is_complete & (is_nobody | nw.coalesce(is_other, nw.lit(value=False)))
    return nw.when(nw.col("person_id").is_null() & is_new).then(nw.col("family_key"))


def _held() -> nw.Expr:
    is_open = nw.col("person_id").is_null() & nw.col("new_key").is_null()
    several = nw.when(nw.col("nik_agree") > 1).then(nw.lit("H_NIK_AMBIGUOUS"))
    contradicted = nw.when(nw.col("nik_agree") == 0).then(nw.lit("H_NIK_CONTRADICTED"))
    names = nw.when(nw.col("name_all") > 1).then(nw.lit("H_NAME_AMBIGUOUS"))
    reason = nw.coalesce(several, contradicted, names, nw.lit("H_PERSON_UNKNOWN"))
    return nw.when(is_open).then(reason)


def _by_nik(rows: Frame, candidates: Frame) -> Frame:
    """Counts of persons with the row's NIK: all, those that agree, and those of them at home in the family."""
    theirs = candidates.filter(~nw.col("nik").is_null()).select(
        nik_known="nik",
        person_id="person_id",
        home="family_id",
        born_known="born",
        sex_known="sex",
    )
    pairs = rows.join(theirs, left_on=NIK, right_on="nik_known", how="inner").with_columns(
        agrees=is_same_birth("_known"), is_home=nw.col("home") == nw.col("family_id")
    )
    per_row = [
        pairs.select(*ROW, "person_id").unique().group_by(*ROW).agg(nik_all=nw.len()),
        _counted(pairs.filter(nw.col("agrees")), "nik_agree"),
        _counted(pairs.filter(nw.col("agrees"), nw.col("is_home")), "nik_home"),
    ]
    for counts in per_row:
        rows = rows.join(counts, on=list(ROW), how="left")
    agreeing = nw.when(~nw.col("nik_all").is_null()).then(nw.coalesce(nw.col("nik_agree"), nw.lit(0)))
    return rows.with_columns(nik_agree=agreeing)


def _by_name(rows: Frame, candidates: Frame) -> Frame:
    """Counts of persons of the family with the row's name, where the row's NIK does not speak of another."""
    theirs = candidates.filter(~nw.col("id_name").is_null()).select(
        name_known="id_name",
        home="family_id",
        person_id="person_id",
        nik_known="nik",
        born_known="born",
        sex_known="sex",
    )
    pairs = rows.join(theirs, left_on=[ID_NAME, "family_id"], right_on=["name_known", "home"], how="inner").filter(
        is_same_birth("_known") & (nw.col(NIK).is_null() | nw.col("nik_known").is_null())
    )
    counts = _counted(pairs, "name_all").select(*ROW, "name_all", name_id="name_all_id")
    return rows.join(counts, on=list(ROW), how="left")


def _counted(pairs: Frame, name: str) -> Frame:
    distinct = pairs.select(*ROW, "person_id").unique()
    return distinct.group_by(*ROW).agg(nw.len().alias(name), nw.col("person_id").min().alias(f"{name}_id"))
