"""The population register's word on a NIK: which row speaks, of whom, and what it says.

Of several extracts the row with the newest data date speaks for its NIK, whole. It speaks of the person whose rows
agree with its birth date and sex; where nobody with that NIK does, of the only person who bears it, if the name is
alike. Which values are published is `precedence`'s work. Without an extract nothing here is computed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import narwhals as nw
import polars as pl

from dtsen_pipeline.core.engine import NUMBER, Engine, Frame
from dtsen_pipeline.core.entities import BORN, CARD, ID_NAME, NAME, NIK, SEX, born_text, is_same_birth, sex_text
from dtsen_pipeline.core.names import first_word, last_word, name_key, sound_key
from dtsen_pipeline.core.rows import ROW, aside, repeated_rows
from dtsen_pipeline.core.rules.identifiers import SIXTEEN
from dtsen_pipeline.core.subject import PRESENCE
from dtsen_pipeline.schemas.tables import REGISTER

STATUS, SINCE, DAY = "status_kependudukan", "tanggal_status", "hari"
GONE = (2, 3, 4)
"""Died, moved, moved abroad: the codes of a status that are also those of a presence; who lives is told nothing of."""
VILLAGE, DISTRICT, REGENCY = "kode_kelurahan_desa", "kode_kecamatan", "kode_kabupaten_kota"
UNMATCHED, OTHER_NAME = "W_NIK_UNMATCHED", "W_REGISTER_NAME"
AMBIGUOUS, CONTRADICTED, UNLISTED = "H_REGISTER_AMBIGUOUS", "H_REGISTER_CONTRADICTED", "O_REGISTER_UNLISTED"


@dataclass(frozen=True)
class Heard:
    """The rows that speak, and those that repeat another.

    `spoken`: src, row, NIK, name, `id_name`, birth date, sex, `born`, `sex` and presence (null for the living), `hari`
    (the ISO day of the status, else the data date), one row a NIK. `aside`: see `rows.aside`.
    """

    spoken: Frame
    aside: Frame


@dataclass(frozen=True)
class Told:
    """The rows that speak of a known person, what is set aside, and warnings.

    `words`: src, row, person_id, `hari` and the columns that the register speaks of. `warned`: src, row, sumber,
    warnings.
    """

    words: Frame
    aside: Frame
    warned: Frame


def speaking(rows: Frame, dates: Mapping[str, date], engine: Engine) -> Heard:
    """The valid rows of extracts, reduced to the one that speaks for each NIK; `dates`: data date by file token."""
    twins = repeated_rows(rows, ("src", NIK), REGISTER, engine)
    days = {token: day.isoformat() for token, day in dates.items()}
    dated = rows.join(twins.select(*ROW), on=list(ROW), how="anti").with_columns(
        day=nw.col("src").replace_strict(list(days), list(days.values()), default=None, return_dtype=nw.String)
    )
    numbered = engine.checkpoint(
        dated.with_columns(
            nth=nw.col("row").cum_count().over(NIK, order_by=["day", *ROW]), of=nw.len().over(NIK)
        ).filter(nw.col("nth") == nw.col("of"))
    )
    status = nw.col(STATUS)
    presence = nw.when(status.is_in(GONE)).then(status).otherwise(nw.lit(None, dtype=NUMBER))
    since = nw.coalesce(nw.col(SINCE).dt.to_string("%Y-%m-%d"), nw.col("day"))
    words = numbered.with_columns(since.alias(DAY), presence.alias(PRESENCE), born=born_text(), sex=sex_text())
    return Heard(
        spoken=engine.checkpoint(words.select(*ROW, NIK, NAME, ID_NAME, BORN, SEX, PRESENCE, DAY, "born", "sex")),
        aside=aside(twins, REGISTER, nw.col("twin"), nw.lit(None, dtype=nw.String)),
    )


def settled(attached: Frame, spoken: Frame) -> Frame:
    """Member rows with `entity_key`: one that agrees with the register, blanks aside, is the person of its NIK."""
    word = spoken.select(NIK, born_word="born", sex_word="sex").with_columns(word_key=_word_key())
    whole = word.filter(nw.col("born_word") != "", nw.col("sex_word") != "")
    told = attached.join(whole, on=NIK, how="left")
    of_register = nw.when(is_same_birth("_word") & ~nw.col("word_key").is_null()).then(nw.col("word_key"))
    entity = nw.coalesce(of_register, nw.col("entity_key"))
    return told.with_columns(entity_key=entity).select(attached.collect_schema().names())


def _word_key() -> nw.Expr:
    """The key of a row with this NIK, birth date and sex, as `entities.person_key` writes it."""
    return nw.concat_str(nw.lit("nik"), nw.col(NIK), nw.col("born_word"), nw.col("sex_word"), separator="|")


def tie(heard: Heard, persons: Frame, met: Frame, engine: Engine) -> Told:
    """Tie the rows that speak to persons of the snapshots, else to those whom only officers met.

    `persons`, `met`: member rows in use with person_id, NIK, `id_name`, `born` and `sex`.
    """
    facts = ("person_id", NIK, ID_NAME, "born", "sex")
    newcomers = met.join(persons.select(NIK), on=NIK, how="anti")
    known = nw.concat([persons.select(*facts), newcomers.select(*facts)]).filter(~nw.col(NIK).is_null()).unique()
    word = heard.spoken.select(NIK, word_name=ID_NAME, born_word="born", sex_word="sex")
    pairs = _sounded(known.join(word, on=NIK, how="inner"), engine)
    judged = engine.checkpoint(
        pairs.with_columns(fits=is_same_birth("_word"), is_alike=_is_alike()).select(
            NIK, "person_id", "fits", "is_alike"
        )
    )
    found = heard.spoken.join(_counted(judged), on=NIK, how="left")
    decided = engine.checkpoint(_one_a_person(found.with_columns(person_id=_person(), held=_held())))
    tied = decided.filter(~nw.col("person_id").is_null())
    is_other = (nw.col("alike") == 0) & ~nw.col("person_id").is_null()
    untied = decided.filter(nw.col("person_id").is_null())
    fate = nw.when(nw.col("bearers").is_null()).then(nw.lit("out_of_scope")).otherwise(nw.lit("held"))
    return Told(
        words=tied.select(*ROW, "person_id", DAY, NAME, BORN, SEX, PRESENCE),
        aside=nw.concat([heard.aside, aside(untied, REGISTER, fate, nw.col("held"))]),
        warned=decided.filter(is_other).select(
            *ROW, nw.lit(REGISTER).alias("sumber"), nw.lit(OTHER_NAME).alias("warnings")
        ),
    )


def _one_a_person(found: Frame) -> Frame:
    """The rows without the words about a person of whom the register speaks under another NIK too."""
    several = (
        found.filter(~nw.col("person_id").is_null())
        .group_by("person_id")
        .agg(words=nw.len())
        .filter(nw.col("words") > 1)
    )
    joined = found.join(several, on="person_id", how="left")
    alone = nw.when(nw.col("words").is_null()).then(nw.col("person_id"))
    return joined.with_columns(alone.alias("person_id")).drop("words")


def _sounded(pairs: Frame, engine: Engine) -> Frame:
    """The pairs with `own_sound` and `word_sound`, the names by sound, each computed once: the keys are long."""
    keyed = pairs.with_columns(own_key=name_key(nw.col(ID_NAME)), word_key=name_key(nw.col("word_name")))
    stored = engine.checkpoint(keyed)
    return engine.checkpoint(
        stored.with_columns(own_sound=sound_key(nw.col("own_key")), word_sound=sound_key(nw.col("word_key")))
    )


def _is_alike() -> nw.Expr:
    """Whether two names may be one: their first or their last words sound the same; false where one is not known."""
    left, right = nw.col("own_sound"), nw.col("word_sound")
    lasts = [nw.when(last_word(key) != "").then(last_word(key)).otherwise(key) for key in (left, right)]
    alike = (first_word(left) == first_word(right)) | (lasts[0] == lasts[1])
    return nw.coalesce(alike, nw.lit(value=False))


def _counted(judged: Frame) -> Frame:
    """Of each NIK: its bearers, those that agree and one of them, and whether a name of them (else of all) is alike."""
    one = nw.lit(1, dtype=nw.Int64)
    zero = nw.lit(0, dtype=nw.Int64)
    marked = judged.with_columns(alike=nw.when(nw.col("is_alike")).then(one).otherwise(zero))
    everybody = marked.group_by(NIK, "person_id").agg(nw.col("alike").max())
    bearers = everybody.group_by(NIK).agg(
        bearers=nw.len(), bearer=nw.col("person_id").min(), all_alike=nw.col("alike").max()
    )
    fitting = marked.filter(nw.col("fits")).group_by(NIK, "person_id").agg(nw.col("alike").max())
    chosen = fitting.group_by(NIK).agg(
        fitting=nw.len(), fitter=nw.col("person_id").min(), fit_alike=nw.col("alike").max()
    )
    both = bearers.join(chosen, on=NIK, how="left")
    return both.with_columns(alike=nw.coalesce(nw.col("fit_alike"), nw.col("all_alike")))


def _person() -> nw.Expr:
    by_word = nw.when(nw.col("fitting") == 1).then(nw.col("fitter"))
    is_only = nw.col("fitting").is_null() & (nw.col("bearers") == 1) & (nw.col("alike") == 1)
    return nw.coalesce(by_word, nw.when(is_only).then(nw.col("bearer")))


def _held() -> nw.Expr:
    unlisted = nw.when(nw.col("bearers").is_null()).then(nw.lit(UNLISTED))
    single = nw.when(nw.col("fitting").is_null() & (nw.col("bearers") == 1)).then(nw.lit(CONTRADICTED))
    return nw.coalesce(unlisted, single, nw.lit(AMBIGUOUS))


def unmatched(
    members: Frame,
    families: Frame,
    rows: Frame,
    base: list[str],
    scopes: Mapping[str, tuple[date, str]],
    engine: Engine,
) -> Frame:
    """Member rows of the base snapshot whose NIK the newest extract of their place does not know.

    Columns: src, row, reasons (null), warnings. `base`: tokens of the base snapshot's files; `scopes`: data date and
    region code of each extract, by token. A row of an extract that is rejected still knows its NIK. A member whose
    family's place is not known, or in no extract, is not judged.
    """
    newest: nw.Expr = nw.lit(None, dtype=nw.String)
    place = nw.coalesce(nw.col(VILLAGE), nw.col(DISTRICT), nw.col(REGENCY))
    for day, region in sorted(set(scopes.values())):
        newest = nw.when(place.str.starts_with(region)).then(nw.lit(day.isoformat())).otherwise(newest)
    homes = (
        families.filter(nw.col("src").is_in(base))
        .with_columns(newest=newest)
        .group_by(CARD)
        .agg(nw.col("newest").min())
    )
    days = {token: dated.isoformat() for token, (dated, _) in scopes.items()}
    newest = nw.col("src").replace_strict(list(days), list(days.values()), default=None, return_dtype=nw.String)
    known = rows.select(NIK, newest=newest).unique()
    asked = members.filter(nw.col("src").is_in(base), nw.col(NIK).str.contains(SIXTEEN)).select(*ROW, CARD, NIK)
    placed = asked.join(homes, on=CARD, how="inner").filter(~nw.col("newest").is_null())
    missing = placed.join(known, on=[NIK, "newest"], how="anti")
    return engine.checkpoint(
        missing.select(*ROW, nw.lit(None, dtype=nw.String).alias("reasons"), nw.lit(UNMATCHED).alias("warnings"))
    )


def nobody(engine: Engine) -> Told:
    """What there is without an extract: nothing."""
    keys = {"src": pl.String, "row": pl.Int64}
    texts = dict.fromkeys(("person_id", DAY, NAME), pl.String)
    words = keys | texts | {BORN: pl.Date, SEX: pl.Int32, PRESENCE: pl.Int32}
    told = dict.fromkeys(("sumber", "fate", "reason"), pl.String)
    found = dict.fromkeys(("sumber", "warnings"), pl.String)
    return Told(*(engine.load(pl.DataFrame(schema=schema)) for schema in (words, keys | told, keys | found)))
