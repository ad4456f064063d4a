"""Rejected rows that a later file made good: a later row in use speaks of the same family or person.

In use are the rows that are tied to an entity and answer something; what is held, out of scope, repeated or silent
makes nothing good. A family is followed through its cards; a person is known by the number, where birth date and sex
do not say otherwise. A snapshot's row is answered by a newer snapshot, a visit's row by a later visit, an extract's
row of the register by a later extract; never the one by the other. A row whose own card, number or time cannot be
read is answered by nothing; nor is a family's row of the snapshot whose official deciles are published, since a later
one without deciles does not say what it says. Corrections stand in `corrections`, newer versions of one visit in
`editions`.
"""

from collections.abc import Mapping

import narwhals as nw

from dtsen_pipeline.core.engine import Engine, Frame
from dtsen_pipeline.core.entities import (
    CARD,
    NIK,
    VISIT_ID,
    born_text,
    is_same_birth,
    sex_text,
    with_family_id,
    with_lasting_id,
)
from dtsen_pipeline.core.identity import Observations
from dtsen_pipeline.core.inputs import InputList
from dtsen_pipeline.core.moments import utc_second
from dtsen_pipeline.core.normalise import exactly
from dtsen_pipeline.core.rows import ROW
from dtsen_pipeline.schemas.tables import FAMILY, MEMBER, REGISTER, VISIT, VISIT_MEMBER

SUBJECT = {FAMILY: CARD, MEMBER: NIK, VISIT: CARD, VISIT_MEMBER: NIK, REGISTER: NIK}
"""The column that names whom a row of each table speaks of."""
FAMILIES = (FAMILY, VISIT)
DATED = (FAMILY, MEMBER, REGISTER)
"""Tables whose rows speak of their file's data date."""


def answered(
    records: Mapping[str, Frame],
    rejected: Frame,
    aside: Frame,
    observed: Observations,
    silent: Frame,
    inputs: InputList,
    engine: Engine,
    key: bytes,
) -> Frame:
    """`rejected` with `resolved_by` also where a later row in use speaks of the same subject: the latest such row.

    `aside`: src, row of valid rows that were set aside before identity; `silent`: of visits' rows that answer nothing.
    """
    unused = engine.checkpoint(nw.concat([rejected.select(*ROW), aside.select(*ROW)]))
    open_rows = rejected.filter(nw.col("resolved_by").is_null() & ~_is_official(inputs))
    used = {
        FAMILY: observed.families,
        MEMBER: observed.members,
        VISIT: observed.visits,
        VISIT_MEMBER: observed.presences,
        REGISTER: _without(records[REGISTER], unused, observed.aside),
    }
    found = []
    for table in SUBJECT:
        mine = open_rows.filter(nw.col("sumber") == table).select(*ROW)
        bad = _unmended(_dated(table, records, unused, inputs).join(mine, on=list(ROW), how="inner"), table)
        if table in FAMILIES:
            bad = _lasting(bad, observed.aliases, engine, key)
        good = _used(used[table], table, inputs).join(silent.select(*ROW), on=list(ROW), how="anti")
        found.append(_answers(engine.checkpoint(bad), good))
    return resolving(rejected, engine.checkpoint(nw.concat(found)))


def _without(rows: Frame, *others: Frame) -> Frame:
    return rows.join(nw.concat([other.select(*ROW) for other in others]), on=list(ROW), how="anti")


def resolving(rejected: Frame, answers: Frame) -> Frame:
    """`rejected` with `resolved_by` from `by` of the answers (src, row, by), where nothing stands there yet."""
    joined = rejected.join(answers, on=list(ROW), how="left")
    names = rejected.collect_schema().names()
    return joined.with_columns(resolved_by=nw.coalesce(nw.col("resolved_by"), nw.col("by"))).select(names)


def _is_official(inputs: InputList) -> nw.Expr:
    """Whether a row is a family of the snapshot that alone brings the official deciles."""
    official = [token for token, version in inputs.version_of.items() if version == inputs.official_version]
    return (nw.col("sumber") == FAMILY) & nw.col("src").is_in(official)


def _dated(table: str, records: Mapping[str, Frame], unused: Frame, inputs: InputList) -> Frame:
    """The rows of a table with `moment`, a number that grows with time.

    A member row has the moment of its visit's latest row in use.
    """
    if table in DATED:
        return _on_data_date(records[table], inputs)
    visits = records[VISIT].with_columns(moment=utc_second(nw.col("waktu_kunjungan")).cast(nw.Int64))
    if table == VISIT:
        return visits
    sound = visits.filter(~nw.col(VISIT_ID).is_null()).join(unused, on=list(ROW), how="anti")
    times = sound.group_by(VISIT_ID).agg(nw.col("moment").max())
    return records[table].join(times, on=VISIT_ID, how="left")


def _on_data_date(rows: Frame, inputs: InputList) -> Frame:
    days = {token: day.toordinal() for token, day in inputs.observed.items()}
    day = nw.col("src").replace_strict(list(days), list(days.values()), default=None, return_dtype=nw.Int64)
    return rows.with_columns(moment=day)


def _unmended(rows: Frame, table: str) -> Frame:
    """src, row, subject, born, sex and moment of the rows whose card or number, and whose time, can be read."""
    subject = nw.col(SUBJECT[table])
    known = rows.filter(subject.str.contains(exactly("[0-9]{16}")) & ~nw.col("moment").is_null())
    return known.select(*ROW, "moment", subject=subject, **_traits(table))


def _traits(table: str) -> dict[str, nw.Expr]:
    """Birth date and sex as text; families have none."""
    if table in FAMILIES:
        return {"born": nw.lit(""), "sex": nw.lit("")}
    return {"born": born_text(), "sex": sex_text()}


def _lasting(rows: Frame, aliases: Frame, engine: Engine, key: bytes) -> Frame:
    """The rows with the id of the family whose card they name, in place of the card."""
    keyed = with_family_id(rows, engine, key, card="subject")
    return with_lasting_id(keyed, aliases).select(*ROW, "moment", "born", "sex", subject="family_id")


def _used(rows: Frame, table: str, inputs: InputList) -> Frame:
    """subject, by (the row's token), after, and the birth date and sex of a table's rows in use."""
    dated = _on_data_date(rows, inputs) if table in DATED else rows.with_columns(moment="at")
    token = nw.concat_str(nw.col("src"), nw.lit("-"), nw.col("row").cast(nw.String))
    traits = {f"{name}_used": trait for name, trait in _traits(table).items()}
    subject = "family_id" if table in FAMILIES else NIK
    return dated.select(*ROW, subject=subject, by=token, after="moment", **traits)


def _answers(bad: Frame, good: Frame) -> Frame:
    """src, row of rejected rows of a table and `by`, the token of the latest row in use after it."""
    pairs = bad.join(good.drop(*ROW), on="subject", how="inner").filter(nw.col("after") > nw.col("moment"))
    same = pairs.filter(is_same_birth("_used"))
    last = same.group_by(*ROW).agg(nw.col("after").max())
    return same.join(last, on=[*ROW, "after"], how="inner").group_by(*ROW).agg(nw.col("by").min())
