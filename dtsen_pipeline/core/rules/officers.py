"""Rules about who visited: whether the officer is on the list, and in office on the day. Without a list none holds."""

import narwhals as nw

from dtsen_pipeline.core.officers import OFFICER, ROLE, spans
from dtsen_pipeline.core.rules.context import Context, Predicates


def officer_rules(context: Context) -> Predicates:
    """A listed officer outside the term of the visit's role; an officer who is not listed."""
    if not context.officers:
        return {code: nw.lit(value=False) for code in ("E_VISIT_ROLE", "W_OFFICER_UNKNOWN")}
    found = {f"{officer}|{role}": days for (officer, role), days in spans(context.officers).items()}
    listed = nw.col(OFFICER).is_in(sorted({term.officer for term in context.officers}))
    role = nw.coalesce(nw.when(nw.col(ROLE) > 0).then(nw.col(ROLE)).cast(nw.String), nw.lit(""))
    key = nw.concat_str(nw.col(OFFICER), role, separator="|")
    begin, end = (
        key.replace_strict(list(found), [days[at] for days in found.values()], default=None, return_dtype=nw.String)
        for at in (0, 1)
    )
    day = nw.col("waktu_kunjungan").str.slice(0, 10)
    is_outside = begin.is_null() | (day < begin) | (day > end)
    return {"E_VISIT_ROLE": listed & ~day.is_null() & is_outside, "W_OFFICER_UNKNOWN": ~listed}
