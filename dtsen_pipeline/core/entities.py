"""The identifying fields of a record as a key, and keys as surrogate ids.

The canonicaliser here is small, independent of `normalise` and frozen by `ID_VERSION`: changing it would
change ids that offices have written down. Which records belong together is decided in `identity`.
"""

import narwhals as nw

from dtsen_pipeline.core.engine import Engine, Frame
from dtsen_pipeline.schemas.tables import FAMILY, MEMBER

ID_VERSION = "1"
ID_NAME = "id_name"
NIK, CARD = "nomor_induk_kependudukan", "nomor_kartu_keluarga"
NAME, BORN, SEX = "nama", "tanggal_lahir", "jenis_kelamin"
VISIT_ID = "id_kunjungan"


def id_name(raw: nw.Expr) -> nw.Expr:
    """The name as it enters ids: outer spaces off, single spaces, ASCII letters in upper case."""
    single = raw.str.strip_chars(" ").str.replace_all(" {2,}", " ")
    is_ascii = single.str.contains(r"\A[ -~]+\z")
    upper = nw.when(is_ascii).then(single.str.to_uppercase()).otherwise(single)
    return nw.when(single != "").then(upper)


def born_text() -> nw.Expr:
    """The birth date as ISO text, empty where it is not known."""
    return nw.coalesce(nw.col(BORN).dt.to_string("%Y-%m-%d"), nw.lit(""))


def sex_text() -> nw.Expr:
    """The sex code as text, empty where it is not known."""
    sex = nw.when(nw.col(SEX) > 0).then(nw.col(SEX)).cast(nw.String)
    return nw.coalesce(sex, nw.lit(""))


def is_same_birth(suffix: str) -> nw.Expr:
    """Whether `born` and `sex` may be those of the columns with this suffix; a blank contradicts nothing."""
    pairs = [(nw.col(name), nw.col(f"{name}{suffix}")) for name in ("born", "sex")]
    born, sex = ((mine == "") | (theirs == "") | (mine == theirs) for mine, theirs in pairs)
    return born & sex


def person_key(card: str = CARD) -> nw.Expr:
    """The identifying fields of a person's record; null where it has neither a NIK nor a name."""
    who = nw.concat_str(nw.lit("nik"), nw.col(NIK), separator="|")
    named = nw.concat_str(nw.lit("kk"), nw.col(card), nw.col(ID_NAME), separator="|")
    return nw.concat_str(nw.coalesce(who, named), born_text(), sex_text(), separator="|")


def with_id(frame: Frame, table: str, source: str, target: str, engine: Engine, key: bytes) -> Frame:
    """`frame` with the surrogate id of the key text in `source` as `target`; null stays null."""
    seed = nw.concat_str(nw.lit(f"{ID_VERSION}|{table}"), nw.col(source), separator="|")
    return engine.hmac(frame.with_columns(seed.alias(target)), target, key)


def with_family_id(frame: Frame, engine: Engine, key: bytes, card: str = CARD) -> Frame:
    """`frame` with `family_id` from a family card column."""
    return with_id(frame, FAMILY, card, "family_id", engine, key)


def with_lasting_id(frame: Frame, aliases: Frame) -> Frame:
    """`frame` with the `family_id` that a family is published under where its card has changed (see `succession`)."""
    lasting = aliases.filter(nw.col("tabel") == FAMILY).select(family_id="alias_id", lasting_id="entity_id")
    joined = frame.join(lasting, on="family_id", how="left")
    return joined.with_columns(family_id=nw.coalesce("lasting_id", "family_id")).drop("lasting_id")


def with_person_id(frame: Frame, source: str, target: str, engine: Engine, key: bytes) -> Frame:
    """`frame` with a person's id from a key column."""
    return with_id(frame, MEMBER, source, target, engine, key)
