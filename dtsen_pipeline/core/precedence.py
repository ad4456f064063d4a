"""The population register comes first for the columns it speaks of: its word against every other claim on a cell.

A claim is what the base record, another row of the base snapshot or a visit says of the cell. Visits are judged by
`verdicts` without the cells that are decided here. Whom a word speaks of stands in `register`.
"""

from dataclasses import dataclass

import narwhals as nw

from dtsen_pipeline.core.cells import COLUMN, VALUE, agrees, cells, masked, wide
from dtsen_pipeline.core.engine import Engine, Frame
from dtsen_pipeline.core.entities import BORN, NAME, SEX
from dtsen_pipeline.core.register import UNLISTED
from dtsen_pipeline.core.rows import ROW, aside
from dtsen_pipeline.core.subject import PRESENCE, Subject
from dtsen_pipeline.schemas.columns import UNKNOWN_CODE
from dtsen_pipeline.schemas.tables import REGISTER

SPOKEN = (NAME, BORN, SEX, PRESENCE)
"""The columns that the register speaks of, each where it states a value; of who lives, not where they are."""
WORD = "word"


@dataclass(frozen=True)
class Precedence:
    """`over`: entity and over_<column>, the words that replace another value.

    `lineage`, `conflict`: entity, src, row, sumber, decision, mask. `settled`: entity and column of every cell that
    the register speaks of. `answering`: src, row of the visits with a claim on such a cell. `unlisted`: words about
    persons who are not published, as set-aside rows.
    """

    over: Frame
    lineage: Frame
    conflict: Frame
    settled: Frame
    answering: Frame
    unlisted: Frame


def without_settled(rows: Frame, words: Frame, entity: str) -> Frame:
    """Rows of visits without their answers to the cells that the register speaks of."""
    named = {name: f"{WORD}_{name}" for name in SPOKEN}
    told = words.select(entity, *(_known(name).alias(alias) for name, alias in named.items()))
    answered = rows.join(told, on=entity, how="left").with_columns(
        nw.when(nw.col(alias).is_null()).then(nw.col(name)).alias(name) for name, alias in named.items()
    )
    return answered.select(rows.collect_schema().names())


def precedence(words: Frame, own: Frame, rivals: Frame, visits: Frame, subject: Subject, engine: Engine) -> Precedence:
    """The words about published entities, of which `own` has the base record and its own values.

    `words`: entity, src, row and the columns of `SPOKEN`, one row an entity. `rivals`: entity, src, row, column, value
    of other rows of the base snapshot that differ from the base record. `visits`: rows with what they answer.
    """
    entity = subject.entity
    columns = [column for column in subject.merged if column.name in SPOKEN]
    heard = engine.checkpoint(words.join(own.select(entity), on=entity, how="semi"))
    told = engine.checkpoint(_without_unknown(cells(heard, [entity, *ROW], columns, WORD), WORD))
    base = cells(own.join(heard.select(entity), on=entity, how="semi"), [entity, *ROW], columns)
    said = _without_unknown(
        cells(visits.join(heard.select(entity), on=entity, how="semi"), [entity, *ROW], columns), VALUE
    )
    word = told.select(entity, COLUMN, WORD)

    def against(claims: Frame) -> Frame:
        judged = claims.select(entity, *ROW, COLUMN, VALUE).join(word, on=[entity, COLUMN], how="inner")
        return judged.with_columns(agrees=agrees(nw.col(VALUE), nw.col(WORD), columns))

    listed, rival, met = against(base), against(rivals), engine.checkpoint(against(said))
    stands = listed.filter(nw.col("agrees")).select(entity, COLUMN, stands=nw.lit("confirmed"))
    decided = engine.checkpoint(
        told.join(stands, on=[entity, COLUMN], how="left").with_columns(
            decision=nw.coalesce(nw.col("stands"), nw.lit("register"))
        )
    )
    wins = decided.filter(nw.col("decision") == "register")

    def by_record(rows: Frame, decision: str, source: str) -> Frame:
        named = rows.with_columns(decision=nw.lit(decision), sumber=nw.lit(source))
        return masked(named, subject, entity, *ROW, "sumber", "decision")

    is_same = nw.col("agrees")
    return Precedence(
        over=engine.checkpoint(wide(wins, entity, subject.merged, "over_", WORD)),
        lineage=nw.concat(
            [
                masked(decided.with_columns(sumber=nw.lit(REGISTER)), subject, entity, *ROW, "sumber", "decision"),
                by_record(met.filter(is_same), "confirmed", subject.field_table),
            ]
        ),
        conflict=nw.concat(
            [
                by_record(nw.concat([listed, rival]).filter(~is_same), "overruled", subject.table),
                by_record(met.filter(~is_same), "overruled", subject.field_table),
            ]
        ),
        settled=told.select(entity, COLUMN),
        answering=met.select(*ROW).unique(),
        unlisted=aside(
            words.join(own.select(entity), on=entity, how="anti"),
            REGISTER,
            nw.lit("out_of_scope"),
            nw.lit(UNLISTED),
        ),
    )


def _known(name: str) -> nw.Expr:
    """A word's value; null where it is a code outside its list."""
    cell = nw.col(name)
    return nw.when(cell != UNKNOWN_CODE).then(cell) if name in (SEX, PRESENCE) else cell


def _without_unknown(long: Frame, name: str) -> Frame:
    return long.filter(~nw.col(name).is_in([str(UNKNOWN_CODE)]))
