"""Which row speaks of whom: ties every valid row to a family and a person, and sets aside what takes no part.

Decided rules: a family is its card, or the cards under which it goes on (see `succession`); a NIK is one person only
where birth date and sex agree; without a NIK, the same family, name, birth date and sex. Reviewers' decisions come
before these rules (see `links`); whom the linkage is sure of is tied after them (see `sure_links`). Ids are keyed
hashes of the founding record's identifying fields (see `entities`), never of a row number. Choosing values among the
tied rows is for `merge`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import narwhals as nw

from dtsen_pipeline.core import presence, register, sure_links
from dtsen_pipeline.core.engine import Engine, Frame
from dtsen_pipeline.core.entities import (
    BORN,
    CARD,
    ID_NAME,
    NIK,
    SEX,
    VISIT_ID,
    born_text,
    person_key,
    sex_text,
    with_family_id,
    with_id,
    with_person_id,
)
from dtsen_pipeline.core.genealogy import genealogy
from dtsen_pipeline.core.links import Links, apart_ids, links, relinked, same_ids
from dtsen_pipeline.core.moments import local_day, utc_second
from dtsen_pipeline.core.rows import ROW, aside, repeated_rows
from dtsen_pipeline.core.rulings import UNDECIDED, Standing
from dtsen_pipeline.core.succession import first_cards
from dtsen_pipeline.core.sure_links import Linking
from dtsen_pipeline.reference.linking import LinkageModel
from dtsen_pipeline.schemas.tables import FAMILY, MEMBER, REGISTER, VISIT, VISIT_MEMBER

WITHOUT_VALUES = (3, 4, 5)
"""Visit outcomes that bring no values: no respondent, refused, building gone or moved."""


@dataclass(frozen=True)
class Scene:
    """The facts about files that identity and merge need, and what reviewers decided.

    `version_of`: snapshot version by file token; `dates`: data date by version, oldest first; `official`: the version
    whose official deciles are published, the base where none is named; `linkage`: the model whose sure links tie;
    `registers`: data date by file token of the population register's extracts.
    """

    city: str
    version_of: Mapping[str, str]
    dates: Mapping[str, date]
    official: str | None = None
    standing: Standing = UNDECIDED
    linkage: LinkageModel | None = None
    registers: Mapping[str, date] = field(default_factory=dict)

    @property
    def base(self) -> str:
        """The version with the latest data date."""
        return list(self.dates)[-1]


@dataclass(frozen=True)
class Observations:
    """Rows tied to entities, by table, and what was set aside.

    `families`, `members`: snapshot rows with version and entity ids. `visits`, `presences`: field rows with
    entity ids, `day` and `at` (see `moments`). `aside`: src, row, sumber, fate, reason. `aliases`: tabel,
    alias_id, entity_id. `shared`: src, row, warnings of rows whose NIK several persons share, and of the register's
    under another name. `events`: see `genealogy`. `links`: the edges by which the linkage tied persons (see
    `sure_links.COLUMNS`). `words`: see `register.Told`.
    """

    families: Frame
    members: Frame
    visits: Frame
    presences: Frame
    aside: Frame
    aliases: Frame
    shared: Frame
    events: Frame
    links: Frame
    words: Frame


@dataclass(frozen=True)
class Persons:
    """The persons of the snapshots.

    `rows`: member rows that take part with their ids; `aside`: what was set aside; `aliases`: those that differ from
    their entity; `known`: what visits' rows are tied by beside the exact rules; `links`: edges that tied.
    """

    rows: Frame
    aside: Frame
    aliases: Frame
    known: presence.Known
    links: Frame


def identify(valid: Mapping[str, Frame], scene: Scene, engine: Engine, key: bytes) -> Observations:
    """Tie the valid rows of the input tables to entities."""
    listed, families_aside = _cards(valid[FAMILY], scene, engine, key)
    placed = _placed(valid[MEMBER], listed, scene, engine)
    changed = _changed(listed, placed, scene, engine, key)
    cards = _gone_on(listed, changed)
    heard = register.speaking(valid[REGISTER], scene.registers, engine) if scene.registers else None
    persons = _persons(valid[MEMBER], placed, changed, heard, scene, engine, key)
    visits, visits_aside = _visits(valid[VISIT], cards, changed, scene, engine)
    tied = presence.tie(valid[VISIT_MEMBER], visits, persons.rows, persons.known, engine, key)
    found = engine.checkpoint(nw.concat([persons.links, tied.links]))
    told = register.nobody(engine) if heard is None else register.tie(heard, persons.rows, tied.rows, engine)
    return Observations(
        families=_joined(valid[FAMILY], _active(cards), "version", "family_id"),
        members=_joined(valid[MEMBER], persons.rows, "version", "family_id", "person_id"),
        visits=_joined(valid[VISIT], _active(visits), "family_id", "day", "at"),
        presences=_joined(
            valid[VISIT_MEMBER], tied.rows, "family_id", "person_id", "day", "at", "versi_dilihat", "card"
        ),
        aside=nw.concat([families_aside, persons.aside, visits_aside, tied.aside, told.aside]),
        aliases=nw.concat(
            [*_card_aliases(changed), persons.aliases, _aliases(tied.rows, engine, key), sure_links.aliases(found)]
        ).unique(),
        shared=nw.concat([_shared(persons.rows, told.words), told.warned]),
        events=genealogy(_active(cards), persons.rows, tied.rows, scene.dates, engine, told.words if heard else None),
        links=found,
        words=told.words,
    )


def _active(rows: Frame) -> Frame:
    return rows.filter(nw.col("fate") == "active")


def _joined(rows: Frame, ties: Frame, *names: str) -> Frame:
    """The rows that are tied, with the columns `names` of their tie (one tie a row)."""
    return rows.join(ties.select(*ROW, *names), on=list(ROW), how="inner")


def _version(scene: Scene) -> nw.Expr:
    return nw.col("src").replace_strict(
        list(scene.version_of), list(scene.version_of.values()), default=None, return_dtype=nw.String
    )


def _cards(rows: Frame, scene: Scene, engine: Engine, key: bytes) -> tuple[Frame, Frame]:
    """Every family row with version, family_id and fate (active, duplicate, out_of_scope)."""
    twins = repeated_rows(rows, ("src", CARD), FAMILY, engine)
    is_outside = nw.col("kode_kabupaten_kota") != scene.city
    outside = nw.coalesce(is_outside, nw.lit(value=False))
    narrow = rows.select(*ROW, CARD, outside=outside, kelurahan="kode_kelurahan_desa")
    marked = narrow.join(twins, on=list(ROW), how="left").with_columns(
        version=_version(scene),
        fate=nw.when(nw.col("outside"))
        .then(nw.lit("out_of_scope"))
        .otherwise(nw.coalesce(nw.col("twin"), nw.lit("active"))),
    )
    cards = engine.checkpoint(with_family_id(marked, engine, key).drop("outside", "twin"))
    reason = nw.when(nw.col("fate") == "out_of_scope").then(nw.lit("O_CITY"))
    return cards, aside(cards.filter(nw.col("fate") != "active"), FAMILY, nw.col("fate"), reason)


def _placed(rows: Frame, cards: Frame, scene: Scene, engine: Engine) -> Frame:
    """Every member row with its version, its own key, the family of its card, its fate and the reason."""
    narrow = rows.select(*ROW, NIK, CARD, ID_NAME, BORN, SEX).with_columns(
        version=_version(scene), own_key=person_key()
    )
    homes = cards.group_by("version", CARD).agg(
        nw.col("fate").min().alias("home"), nw.col("family_id").min(), nw.col("kelurahan").min()
    )
    return engine.checkpoint(
        narrow.join(homes, on=["version", CARD], how="left").with_columns(fate=_member_fate(), reason=_member_reason())
    )


def _changed(cards: Frame, placed: Frame, scene: Scene, engine: Engine, key: bytes) -> Frame | None:
    """Cards under which families go on: CARD, first_card, alias_id and family_id; None where there are none."""
    found = first_cards(cards, placed, list(scene.dates), engine)
    if found is None:
        return None
    named = with_id(found, FAMILY, CARD, "alias_id", engine, key)
    return engine.checkpoint(with_family_id(named, engine, key, card="first_card"))


def _with_first(rows: Frame, changed: Frame | None) -> Frame:
    """The rows with `first_card`, the card under which the family of their card was first listed."""
    if changed is None:
        return rows.with_columns(first_card=nw.col(CARD))
    joined = rows.join(changed.select(CARD, "first_card"), on=CARD, how="left")
    return joined.with_columns(first_card=nw.coalesce("first_card", CARD))


def _gone_on(rows: Frame, changed: Frame | None) -> Frame:
    """Rows with `first_card`, and the family_id that follows from it."""
    found = _with_first(rows, changed)
    if changed is None:
        return found
    lasting = found.join(changed.select(CARD, lasting_id="family_id"), on=CARD, how="left")
    return lasting.with_columns(family_id=nw.coalesce("lasting_id", "family_id")).drop("lasting_id")


def _card_aliases(changed: Frame | None) -> list[Frame]:
    if changed is None:
        return []
    return [changed.select(nw.lit(FAMILY).alias("tabel"), "alias_id", entity_id="family_id")]


def _persons(
    rows: Frame,
    placed: Frame,
    changed: Frame | None,
    heard: register.Heard | None,
    scene: Scene,
    engine: Engine,
    key: bytes,
) -> Persons:
    """Tie the member rows: by the exact rules and the register, reviewers' decisions, and where linkage is sure."""
    active = _gone_on(placed.filter(nw.col("fate") == "active"), changed)
    attached = _attached(active)
    attached = engine.checkpoint(attached if heard is None else register.settled(attached, heard.spoken))
    decided = links(attached, scene.standing, engine, key)
    told = engine.checkpoint(relinked(attached, decided, engine))
    linking = None if scene.linkage is None else Linking(told, scene.linkage, engine)
    edges = sure_links.between_snapshots(told, linking, len(scene.dates), decided.apart, engine) if linking else ()
    keyed = engine.checkpoint(_founded(relinked(told, Links(merged=sure_links.firsts(edges)), engine), scene))
    twins = repeated_rows(rows, ("src", "entity_key"), MEMBER, engine, ties=keyed)
    kept = keyed.join(twins.select(*ROW), on=list(ROW), how="anti")
    persons = engine.checkpoint(with_person_id(kept, "founding_key", "person_id", engine, key))
    others = placed.filter(nw.col("fate") != "active")
    set_aside = nw.concat(
        [
            aside(others, MEMBER, nw.col("fate"), nw.col("reason")),
            aside(twins, MEMBER, nw.col("twin"), nw.lit(None, dtype=nw.String)),
        ]
    )
    renamed = persons.filter(nw.col("own_key") != nw.col("founding_key"))
    return Persons(
        rows=persons,
        aside=set_aside,
        aliases=_aliases(renamed, engine, key),
        known=presence.Known(
            scene.base,
            same_ids(persons, decided, engine, key),
            apart_ids(persons, scene.standing, engine, key),
            linking,
        ),
        links=_links(edges, persons, linking, engine, key),
    )


def _links(
    edges: Sequence[sure_links.Edge], persons: Frame, linking: Linking | None, engine: Engine, key: bytes
) -> Frame:
    """The edges between snapshots as they are kept."""
    if linking is None or not edges:
        return engine.load(sure_links.NONE)
    first = sure_links.firsts(edges)
    tied = persons.filter(nw.col("entity_key").is_in(sorted(set(first.values()))))
    ids = dict(engine.fetch(tied.select("entity_key", "person_id").unique()).rows())
    person_of = {end: ids[known] for end, known in first.items()}
    return engine.load(sure_links.table(edges, person_of, linking, engine, key))


def _member_fate() -> nw.Expr:
    outside = nw.when(nw.col("home") == "out_of_scope").then(nw.lit("out_of_scope"))
    is_lost = nw.col("home").is_null() | nw.col("own_key").is_null()
    held = nw.when(is_lost).then(nw.lit("held"))
    return nw.coalesce(outside, held, nw.lit("active"))


def _member_reason() -> nw.Expr:
    outside = nw.when(nw.col("home") == "out_of_scope").then(nw.lit("O_CITY"))
    absent = nw.when(nw.col("home").is_null()).then(nw.lit("H_FAMILY_ABSENT"))
    nameless = nw.when(nw.col("own_key").is_null()).then(nw.lit("H_NO_IDENTITY"))
    return nw.coalesce(outside, absent, nameless)


def _attached(active: Frame) -> Frame:
    """`entity_key`: the row's own key; without a NIK, that of the one person with a NIK who is alike.

    Alike means the same family, name, birth date and sex. The key without a NIK names the family's first card.
    """
    likeness = ["first_card", ID_NAME, "born", "sex"]
    rows = active.with_columns(born=born_text(), sex=sex_text())
    with_nik = (
        rows.filter(~nw.col(NIK).is_null(), nw.col("born") != "", nw.col("sex") != "")
        .select(*likeness, "own_key")
        .unique()
        .group_by(*likeness)
        .agg(nw.len().alias("persons"), nw.col("own_key").min().alias("like_key"))
        .filter(nw.col("persons") == 1)
        .drop("persons")
    )
    missing = rows.filter(nw.col(NIK).is_null()).join(with_nik, on=likeness, how="left")
    keyed = missing.with_columns(entity_key=nw.coalesce(nw.col("like_key"), person_key("first_card")))
    others = rows.filter(~nw.col(NIK).is_null()).with_columns(entity_key=nw.col("own_key"))
    names = [*others.collect_schema().names()]
    return nw.concat([keyed.select(names), others.select(names)])


def _founded(keyed: Frame, scene: Scene) -> Frame:
    """`founding_key`: the key of the earliest record of the entity; keys differ only where a row was attached."""
    dated = {version: day.isoformat() for version, day in scene.dates.items()}
    joined = keyed.filter(nw.col("own_key") != nw.col("entity_key")).select("entity_key").unique()
    day = nw.col("version").replace_strict(list(dated), list(dated.values()), default=None, return_dtype=nw.String)
    founders = (
        keyed.join(joined, on="entity_key", how="semi")
        .with_columns(founder=nw.concat_str(day, nw.col("own_key")))
        .group_by("entity_key")
        .agg(nw.col("founder").min())
        .select("entity_key", founding=nw.col("founder").str.slice(10))
    )
    return (
        keyed.join(founders, on="entity_key", how="left")
        .with_columns(founding_key=nw.coalesce(nw.col("founding"), nw.col("entity_key")))
        .drop("founding")
    )


def _aliases(persons: Frame, engine: Engine, key: bytes) -> Frame:
    """Ids under which a record of a person could have been found, where they differ from the person's id."""
    others = persons.select("own_key", "person_id").unique()
    found = with_person_id(others, "own_key", "alias_id", engine, key)
    return found.filter(~nw.col("alias_id").is_null(), nw.col("alias_id") != nw.col("person_id")).select(
        nw.lit(MEMBER).alias("tabel"), "alias_id", entity_id="person_id"
    )


def _shared(persons: Frame, words: Frame) -> Frame:
    """Rows whose NIK ties to more than one person, but those of the person whom the register means."""
    known = persons.filter(~nw.col(NIK).is_null())
    shared = (
        known.select(NIK, "person_id")
        .unique()
        .group_by(NIK)
        .agg(nw.len().alias("persons"))
        .filter(nw.col("persons") > 1)
    )
    doubtful = known.join(shared, on=NIK, how="semi").join(words, on="person_id", how="anti")
    return doubtful.select(*ROW, nw.lit(MEMBER).alias("sumber"), nw.lit("W_NIK_SHARED").alias("warnings"))


def _visits(rows: Frame, cards: Frame, changed: Frame | None, scene: Scene, engine: Engine) -> tuple[Frame, Frame]:
    """Every valid visit with its family of the base snapshot, day, moment and fate; and those set aside.

    `home_card`: the family's card in the base snapshot, `first_card` the one it was first listed under; the visit
    may name either, or one between.
    """
    twins = repeated_rows(rows, (VISIT_ID,), VISIT, engine)
    homes = (
        cards.filter(nw.col("version") == scene.base)
        .group_by("first_card")
        .agg(
            nw.col("fate").min().alias("home"),
            nw.col("family_id").min(),
            nw.col("kelurahan").min(),
            home_card=nw.col(CARD).min(),
        )
    )
    at = nw.col("waktu_kunjungan")
    narrow = rows.select(
        *ROW,
        CARD,
        VISIT_ID,
        "versi_dilihat",
        "hasil_kunjungan",
        day=local_day(at),
        hari=at.str.slice(0, 10),
        at=utc_second(at),
    )
    placed = (
        _with_first(narrow, changed)
        .join(homes, on="first_card", how="left")
        .join(twins, on=list(ROW), how="left")
        .with_columns(fate=_visit_fate(), reason=_visit_reason())
    )
    placed = engine.checkpoint(placed)
    others = placed.filter(nw.col("fate") != "active")
    return placed, aside(others, VISIT, nw.col("fate"), nw.col("reason"))


def _visit_fate() -> nw.Expr:
    outside = nw.when(nw.col("home") == "out_of_scope").then(nw.lit("out_of_scope"))
    held = nw.when(nw.col("home").is_null()).then(nw.lit("held"))
    silent = nw.when(nw.col("hasil_kunjungan").is_in(WITHOUT_VALUES)).then(nw.lit("no_values"))
    return nw.coalesce(nw.col("twin"), outside, held, silent, nw.lit("active"))


def _visit_reason() -> nw.Expr:
    is_repeated = ~nw.col("twin").is_null()
    outside = nw.when(nw.col("home") == "out_of_scope").then(nw.lit("O_CITY"))
    held = nw.when(nw.col("home").is_null()).then(nw.lit("H_FAMILY_UNKNOWN"))
    return nw.when(~is_repeated).then(nw.coalesce(outside, held))
