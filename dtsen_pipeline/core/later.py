"""Rejected rows that a later file made good: their card or number stands in a valid row of a later snapshot or visit.

A snapshot's row is answered by a newer snapshot, a visit's row by a later visit, an extract's row of the register by a
later extract; never the one by the other. A row
whose own card, number or time cannot be read is answered by nothing; nor is a family's row of the snapshot whose
official deciles are published, since a later one without deciles does not say what it says. Corrections stand in
`corrections`, newer versions of one visit in `editions`.
"""

from collections.abc import Mapping

import narwhals as nw

from dtsen_pipeline.core.engine import Engine, Frame
from dtsen_pipeline.core.entities import CARD, NIK, VISIT_ID
from dtsen_pipeline.core.inputs import InputList
from dtsen_pipeline.core.moments import utc_second
from dtsen_pipeline.core.normalise import exactly
from dtsen_pipeline.core.rows import ROW
from dtsen_pipeline.schemas.tables import FAMILY, MEMBER, REGISTER, VISIT, VISIT_MEMBER

SUBJECT = {FAMILY: CARD, MEMBER: NIK, VISIT: CARD, VISIT_MEMBER: NIK, REGISTER: NIK}
"""The column that names whom a row of each table speaks of."""


def answered(rejected: Frame, records: Mapping[str, Frame], aside: Frame, inputs: InputList, engine: Engine) -> Frame:
    """`rejected` with `resolved_by` also where a later valid row speaks of the same subject: the latest such row.

    `aside`: src, row of valid rows that take no part, which answer for nothing.
    """
    unused = engine.checkpoint(nw.concat([rejected.select(*ROW), aside.select(*ROW)]))
    open_rows = rejected.filter(nw.col("resolved_by").is_null() & ~_is_official(inputs))
    found = [_answers(open_rows, unused, _said(table, records, unused, inputs), table, engine) for table in SUBJECT]
    return resolving(rejected, engine.checkpoint(nw.concat(found)))


def resolving(rejected: Frame, answers: Frame) -> Frame:
    """`rejected` with `resolved_by` from `by` of the answers (src, row, by), where nothing stands there yet."""
    joined = rejected.join(answers, on=list(ROW), how="left")
    names = rejected.collect_schema().names()
    return joined.with_columns(resolved_by=nw.coalesce(nw.col("resolved_by"), nw.col("by"))).select(names)


def _is_official(inputs: InputList) -> nw.Expr:
    """Whether a row is a family of the snapshot that alone brings the official deciles."""
    official = [token for token, version in inputs.version_of.items() if version == inputs.official_version]
    return (nw.col("sumber") == FAMILY) & nw.col("src").is_in(official)


def _said(table: str, records: Mapping[str, Frame], unused: Frame, inputs: InputList) -> Frame:
    """src, row, subject and moment (a number that grows with time) of the rows of a table.

    A member row has the moment of its visit's latest row in use.
    """
    subject = nw.col(SUBJECT[table]).alias("subject")
    if table in (FAMILY, MEMBER, REGISTER):
        days = {token: day.toordinal() for token, day in inputs.observed.items()}
        moment = nw.col("src").replace_strict(list(days), list(days.values()), default=None, return_dtype=nw.Int64)
        return records[table].select(*ROW, subject).with_columns(moment=moment)
    visits = records[VISIT].with_columns(moment=utc_second(nw.col("waktu_kunjungan")).cast(nw.Int64))
    if table == VISIT:
        return visits.select(*ROW, subject, "moment")
    sound = visits.filter(~nw.col(VISIT_ID).is_null()).join(unused, on=list(ROW), how="anti")
    times = sound.group_by(VISIT_ID).agg(nw.col("moment").max())
    return records[table].select(*ROW, subject, VISIT_ID).join(times, on=VISIT_ID, how="left").drop(VISIT_ID)


def _answers(rejected: Frame, unused: Frame, said: Frame, table: str, engine: Engine) -> Frame:
    """src, row of rejected rows of a table and `by`, the token of the latest row in use after it."""
    is_known = nw.col("subject").str.contains(exactly("[0-9]{16}")) & ~nw.col("moment").is_null()
    mine = rejected.filter(nw.col("sumber") == table).select(*ROW)
    bad = engine.checkpoint(said.join(mine, on=list(ROW), how="inner").filter(is_known))
    alike = said.join(bad.select("subject"), on="subject", how="semi").filter(is_known)
    good = alike.join(unused, on=list(ROW), how="anti")
    token = nw.concat_str(nw.col("src"), nw.lit("-"), nw.col("row").cast(nw.String))
    later = good.select("subject", by=token, after="moment")
    pairs = bad.join(later, on="subject", how="inner").filter(nw.col("after") > nw.col("moment"))
    last = pairs.group_by(*ROW).agg(nw.col("after").max())
    return pairs.join(last, on=[*ROW, "after"], how="inner").group_by(*ROW).agg(nw.col("by").min())
