"""Merge in the pandas counterpart: one winner per column, lineage and conflicts (one snapshot, any visits)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.pandas_rows import TEXT, looked_up
from benchmarks.pandas_rules import CARD, ROW, Series
from benchmarks.pandas_ties import EPOCH, Ties, aside
from dtsen_pipeline.core.inputs import InputList
from dtsen_pipeline.core.normalise import region_names
from dtsen_pipeline.core.subject import PRESENCE, Subject, families, persons
from dtsen_pipeline.reference import city, code_lists, merge_policy
from dtsen_pipeline.schemas.columns import CLEARED, CLEARED_TEXT, UNKNOWN_CODE, Column, Kind

MOVED, NOT_FOUND = (3, 4), 6
WINS = ["changed", "blocked", "pending", "filled", "refined"]
BASE_LOSSES = {"changed": "overridden", "blocked": "blocked", "pending": "pending"}


@dataclass(frozen=True)
class Entities:
    """As in the pipeline: the merged rows, the ministry's, who was touched, and what became of the cells."""

    merged: pd.DataFrame
    ministry: pd.DataFrame
    touched: Series
    lineage: pd.DataFrame
    conflict: pd.DataFrame
    silent: pd.DataFrame


def merge(ties: Ties, inputs: InputList) -> tuple[Entities, Entities]:
    """Families and persons."""
    nobody = ties.visits.loc[[], ["family_id", *ROW]]
    visits = _closed(ties.visits, families())
    listed = _closed(ties.members, persons())
    members = listed.assign(**{PRESENCE: pd.array([1] * len(listed), dtype="Int32")})
    stated = _stated(_closed(ties.presences, persons()), members)
    return (
        _merged(_closed(ties.families, families()), visits, nobody, families(), inputs),
        _merged(members, stated, _newcomers(stated, members), persons(), inputs),
    )


def _closed(rows: pd.DataFrame, subject: Subject) -> pd.DataFrame:
    """A blank that the row's own answer to another column rules out says that there is none."""
    gates = {column.name: column.gate for column in subject.merged if column.gate}
    closed = {name: rows[name].isna() & rows[gate.column].isin(gate.closed_by) for name, gate in gates.items()}
    return rows.assign(**{name: rows[name].mask(is_closed, CLEARED) for name, is_closed in closed.items()})


def _stated(presences: pd.DataFrame, members: pd.DataFrame) -> pd.DataFrame:
    """What a member row states: a family can say that somebody moved away only from itself."""
    rows = presences.sort_values(["at", *ROW])
    code, family = rows[PRESENCE], rows["family_id"]
    there, moved = code.isin([1, 5]), code.isin(MOVED)
    found = family.where(there).groupby(rows["person_id"]).ffill()
    home = found.fillna(rows["person_id"].map(members.groupby("person_id")["family_id"].min())).fillna(family)
    silent = (code == NOT_FOUND).fillna(value=False) | (moved & (home != family))
    facts = {
        PRESENCE: code.mask(there, 1).mask(silent.astype(bool)),
        "family_id": family.where(there),
        CARD: rows[CARD].fillna(rows["card"].where(there)),
    }
    return rows.assign(**facts)


def _newcomers(presences: pd.DataFrame, members: pd.DataFrame) -> pd.DataFrame:
    unknown = ~_is_among(presences["person_id"], members["person_id"])
    stated = presences[presences[PRESENCE].notna() & unknown].sort_values(["at", *ROW])
    last = stated.drop_duplicates("person_id", keep="last")
    there = last.loc[last[PRESENCE] == 1, "person_id"]
    first: pd.DataFrame = stated[stated["person_id"].isin(there)].drop_duplicates("person_id")
    return first[["person_id", *ROW]]


def _merged(
    snapshot: pd.DataFrame, visits: pd.DataFrame, newcomers: pd.DataFrame, subject: Subject, inputs: InputList
) -> Entities:
    entity = subject.entity
    several = snapshot[snapshot.duplicated(entity, keep=False)].sort_values(ROW)
    columns = [entity, *ROW, *subject.names]
    extras = several.loc[several.duplicated(entity), columns]
    first = snapshot[columns].drop(extras.index)
    base = pd.concat([first, newcomers]).astype(first.dtypes) if len(newcomers) else first
    taken = _taken(base, extras, subject)
    said = _laid(base, taken, subject)
    spoken = visits[_is_among(visits[entity], base[entity])]
    judged = _judged(spoken, base, said, snapshot, subject, inputs)
    wins, settled = judged[judged["wins"]], judged[judged["wins"] | judged["clears"]]
    standing = _without(taken, settled, [entity, "column"])
    agreeing = judged[judged["decision"] == "adopted"], judged[judged["confirmed"]].assign(decision="confirmed")
    losing = judged[judged["decision"].isin(["expired", "superseded"])]
    field = subject.field_table
    return Entities(
        merged=_published(_laid(said, settled, subject), subject, inputs),
        ministry=_published(said, subject, inputs),
        touched=pd.concat([settled[entity], newcomers[entity]]).drop_duplicates(),
        lineage=_records([(standing, subject.table), *((part, field) for part in (*agreeing, wins))], subject),
        conflict=_records(
            [
                (_disputed(base, extras, subject), subject.table),
                (losing, field),
                (_lost_by_base(judged, base, subject), subject.table),
            ],
            subject,
        ),
        silent=aside(_without(spoken, judged, ROW).assign(fate="no_values", reason=None), field),
    )


CLASHES = {"hard": "mask_keras", "soft": "mask_lunak"}


def _is_among(few: Series, many: Series) -> Series:
    """Whether each of `few` occurs in `many`: a join, since `isin` with many strings takes seconds."""
    known = many.drop_duplicates().to_frame()
    side = few.to_frame().merge(known, on=few.name, how="left", validate="m:1", indicator=True)["_merge"]
    return pd.Series((side == "both").to_numpy(), index=few.index)


def _without(rows: pd.DataFrame, others: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """The rows whose keys no other row has."""
    known = others[[*keys]].drop_duplicates()
    side = rows[[*keys]].merge(known, on=[*keys], how="left", validate="m:1", indicator=True)["_merge"]
    return rows[(side == "left_only").to_numpy()]


def cells(rows: pd.DataFrame, index: Sequence[str], columns: Sequence[Column], value: str = "value") -> pd.DataFrame:
    """One row per answered column, its value as text."""
    texts = {column.name: _text(rows[column.name], column) for column in columns}
    renamed = rows[[*index]].rename(columns={name: f"key_{name}" for name in index})
    wide = pd.concat([renamed, pd.DataFrame(texts, index=rows.index)], axis=1)
    long = wide.melt([*renamed.columns], var_name="column", value_name=value).dropna(subset=value)
    return long.rename(columns={f"key_{name}": name for name in index}).astype({"column": TEXT, value: TEXT})


def _text(cell: Series, column: Column) -> Series:
    if column.kind is Kind.DATE:
        return cell.dt.strftime("%Y-%m-%d").astype(TEXT)
    if not column.is_integer:
        return cell
    return cell.astype(TEXT).mask((cell == CLEARED).fillna(value=False).astype(bool), CLEARED_TEXT)


def _typed(text: Series, column: Column) -> Series:
    if column.kind is Kind.DATE:
        days: Series = pd.to_datetime(text, format="%Y-%m-%d")
        return days.astype("datetime64[s]")
    if not column.is_integer:
        return text
    return text.mask(text == CLEARED_TEXT, str(CLEARED)).astype("Int64").astype("Int32")


def _laid(values: pd.DataFrame, over: pd.DataFrame, subject: Subject) -> pd.DataFrame:
    """The cells of `over` (one for each entity and column) laid over the values."""
    laid = values.copy(deep=False)
    place = pd.Series(np.arange(len(values)), index=values[subject.entity])
    kinds = {column.name: column for column in subject.merged}
    for name, part in over.groupby("column"):
        best = part.groupby(subject.entity)["value"].max()
        column = laid[name].copy()
        column.iloc[place.loc[best.index].to_numpy()] = _typed(best, kinds[str(name)]).to_numpy(object)
        laid[name] = column
    return laid


def _finer(columns: Sequence[Column]) -> set[str]:
    found = set()
    for column in columns:
        listed = code_lists()[column.codes] if column.codes else None
        for value in listed.labels if listed is not None and listed.tree() else ():
            found |= {f"{column.name}|{value}|{coarse}" for coarse in code_lists()[str(column.codes)].ancestors(value)}
    return found


def _is_finer(rows: pd.DataFrame, mine: Series, theirs: Series, subject: Subject) -> Series:
    return (rows["column"] + "|" + mine + "|" + theirs).isin(_finer(subject.columns))


def _agrees(rows: pd.DataFrame, mine: Series, theirs: Series, subject: Subject) -> Series:
    same = (mine == theirs) & (mine != str(UNKNOWN_CODE))
    none = (mine == CLEARED_TEXT) & theirs.isna()
    return same | none | _is_finer(rows, mine, theirs, subject) | _is_finer(rows, theirs, mine, subject)


def _trees(subject: Subject) -> list[Column]:
    return [column for column in subject.merged if column.codes and code_lists()[column.codes].tree()]


def _taken(base: pd.DataFrame, extras: pd.DataFrame, subject: Subject) -> pd.DataFrame:
    """Cells of further rows that fill a blank or refine a coarse code of the first."""
    entity = subject.entity
    offered = cells(extras, [entity, *ROW], subject.merged)
    known = base[base[entity].isin(extras[entity])]
    mine = cells(known, [entity], subject.merged, "mine")
    told = offered.merge(mine, on=[entity, "column"], how="left", validate="m:1")
    finer = _is_finer(told, told["value"], told["mine"], subject)
    told["decision"] = np.where(finer, "refined", "filled")
    usable: pd.DataFrame = told[told["mine"].isna() | finer]
    return usable.sort_values(ROW).drop_duplicates([entity, "column"])


def _disputed(base: pd.DataFrame, extras: pd.DataFrame, subject: Subject) -> pd.DataFrame:
    entity = subject.entity
    lost = cells(extras, [entity, *ROW], subject.columns)
    kept = cells(base[base[entity].isin(extras[entity])], [entity], subject.columns, "kept")
    both = lost.merge(kept, on=[entity, "column"], validate="m:1")
    differing: pd.DataFrame = both[~_agrees(both, both["value"], both["kept"], subject)]
    return differing.assign(decision="superseded")


def _told(
    visits: pd.DataFrame,
    base: pd.DataFrame,
    said: pd.DataFrame,
    snapshot: pd.DataFrame,
    subject: Subject,
    inputs: InputList,
) -> pd.DataFrame:
    """Every answered cell with what was seen, what is new, and what the ministry says."""
    entity, columns, both = subject.entity, subject.merged, [subject.entity, "column"]
    ((version, day),) = inputs.snapshot_dates.items()
    is_seen = (visits["versi_dilihat"] == version) | (visits["day"] >= (pd.Timestamp(day) - EPOCH).days)
    seen_day = pd.Series((pd.Timestamp(day) - EPOCH).days, index=visits.index).where(is_seen)
    given = visits.assign(is_seen=is_seen, seen_day=seen_day)
    told = cells(given, [entity, *ROW, "day", "at", "is_seen", "seen_day"], columns)
    told = told[told["value"] != str(UNKNOWN_CODE)]
    known = base[base[entity].isin(visits[entity])]
    own = cells(known, [entity], columns, "new")
    final = cells(said[said[entity].isin(visits[entity])], [entity], columns, "said")
    sent = snapshot[snapshot[entity].isin(visits[entity])].sort_values(ROW).drop_duplicates(entity)
    seen = cells(sent, [entity], columns, "seen")
    for side in (seen, own, final):
        told = told.merge(side, on=both, how="left", validate="m:1")
    told["seen"] = told["seen"].where(told["is_seen"])
    base_files = [source.token for source in inputs.sources if source.version == version]
    pointer = known.set_index(entity)["src"].isin(base_files)
    return told.assign(is_known=told[entity].map(pointer).astype(bool))


def _judged(
    visits: pd.DataFrame,
    base: pd.DataFrame,
    said: pd.DataFrame,
    snapshot: pd.DataFrame,
    subject: Subject,
    inputs: InputList,
) -> pd.DataFrame:
    """The decided table over the cells of visited entities."""
    rows = _told(visits, base, said, snapshot, subject, inputs).sort_values(["at", *ROW])
    by = [rows[subject.entity], rows["column"]]
    nth, of = rows.groupby(by).cumcount(), rows.groupby(by)["value"].transform("size")
    ver, new, speaks = rows["value"], rows["new"], nth == of - 1
    agrees_new = _agrees(rows, ver, new, subject)
    is_none = agrees_new & new.isna()
    fits_new = agrees_new & ~(is_none & ~rows["is_known"])
    decision = _decided(rows, fits_new, subject, inputs).where(speaks)
    clears = speaks & fits_new & is_none
    won = ver.where(decision.isin(WINS) | clears)
    winner = won.groupby(by).transform("max")
    stands = winner.fillna(rows["said"])
    finer = _is_finer(rows, ver, winner.fillna(new).fillna(rows["said"]), subject) & ~speaks
    finest_nth = nth.where(finer).groupby(by).transform("max")
    refines = nth == finest_nth
    final = ver.where(refines).groupby(by).transform("max").fillna(stands)
    decides, is_refined = decision.isin(WINS), finest_nth.notna()
    lost = ~speaks & ~_agrees(rows, ver, final, subject)
    holds = speaks & _agrees(rows, ver, rows["seen"], subject) & ~decision.isin(["changed", "expired"])
    return rows.assign(
        clash=_clash(rows, speaks, subject, inputs),
        base_decision=decision.where(decides),
        decision=decision.mask(lost, "superseded").mask(refines, "refined"),
        wins=refines | (decides & ~is_refined),
        clears=clears,
        confirmed=holds | (decides & is_refined),
        final=final,
    )


def _decided(rows: pd.DataFrame, fits_new: Series, subject: Subject, inputs: InputList) -> Series:
    ver, seen, new = rows["value"], rows["seen"], rows["new"]
    fits_seen = _agrees(rows, ver, seen, subject)
    unmoved = new.isna() | _agrees(rows, new, seen, subject)
    limits = {c.name: merge_policy().max_age_days(c.name, c.group) for c in subject.merged}
    limit = rows["column"].map({name: 10**6 if days is None else days for name, days in limits.items()})
    age = (pd.Timestamp(inputs.base_date) - EPOCH).days - rows["day"]
    later, expired = age < 0, age > limit
    cases: list[tuple[Any, str]] = [
        (fits_new & _is_finer(rows, ver, new, subject), "refined"),
        (fits_new & ~fits_seen, "adopted"),
        (fits_new, ""),
        (later & fits_seen & new.isna(), "filled"),
        (later, "changed"),
        (new.isna() & fits_seen & ~expired, "filled"),
        (expired & rows["said"].isna(), "filled"),
        (expired, "expired"),
        (fits_seen, "superseded"),
        (unmoved, "blocked"),
    ]
    picked = np.select([case.to_numpy(bool) for case, _ in cases], [name for _, name in cases], "pending")
    decision = pd.Series(picked, index=rows.index, dtype=TEXT)
    return decision.mask(decision == "")


def _clash(rows: pd.DataFrame, speaks: Series, subject: Subject, inputs: InputList) -> Series:
    """Hard or soft against the base snapshot, or against the latest visit, which is the last row of its cell."""
    base_day = (pd.Timestamp(inputs.base_date) - EPOCH).days
    unmoved = rows["new"].isna() | _agrees(rows, rows["new"], rows["seen"], subject)
    main = rows[speaks].set_index([subject.entity, "column"])[["value", "seen", "seen_day"]]
    main = rows[[subject.entity, "column"]].join(main, on=[subject.entity, "column"], validate="m:1")
    is_base = speaks | _agrees(rows, rows["value"], main["value"], subject)
    is_later = pd.Series(np.where(is_base, base_day > rows["seen_day"], rows["day"] > main["seen_day"]), rows.index)
    is_same = unmoved.where(is_base, _agrees(rows, rows["value"], main["seen"], subject))
    return pd.Series(np.where(is_same, "soft", "hard"), rows.index, dtype=TEXT).where(is_later)


def _lost_by_base(judged: pd.DataFrame, base: pd.DataFrame, subject: Subject) -> pd.DataFrame:
    entity = subject.entity
    replaced = judged[judged["base_decision"].isin(list(BASE_LOSSES)) & judged["new"].notna()]
    replaced = replaced[~_agrees(replaced, replaced["final"], replaced["new"], subject)]
    pointed: pd.DataFrame = replaced.drop(columns=ROW).merge(base[[entity, *ROW]], on=entity, validate="m:1")
    return pointed.assign(decision=pointed["base_decision"].map(BASE_LOSSES))


def _records(parts: Sequence[tuple[pd.DataFrame, str]], subject: Subject) -> pd.DataFrame:
    """Cells summed to masks: tabel, entity_id, src, row, sumber, decision, mask."""
    bits: Mapping[str, int] = {column.name: subject.bits(column) for column in subject.columns}
    keys = [subject.entity, *ROW, "sumber", "decision"]
    told = [part if "clash" in part else part.assign(clash=None) for part, _ in parts]
    named = [part.assign(sumber=source) for part, (_, source) in zip(told, parts, strict=True) if len(part)]
    rows = pd.concat([part[[*keys, "column", "clash"]].astype({"clash": TEXT}) for part in named])
    bit = rows["column"].map(bits).astype("int64")
    clashing = {name: bit.where((rows["clash"] == kind).fillna(value=False), 0) for kind, name in CLASHES.items()}
    masked = rows.assign(mask=bit, **clashing)
    masks: pd.DataFrame = masked.groupby(keys)[["mask", *CLASHES.values()]].sum().reset_index()
    return masks.rename(columns={subject.entity: "entity_id"}).assign(tabel=subject.table)


def _published(values: pd.DataFrame, subject: Subject, inputs: InputList) -> pd.DataFrame:
    made = {}
    for column in subject.columns:
        cell = values[column.name]
        if column.is_integer:
            made[column.name] = cell.where((cell > CLEARED).fillna(value=False).astype(bool))
        else:
            made[column.name] = cell if column.kind is Kind.DATE else cell.mask(cell == CLEARED_TEXT)
    names = region_names(city(inputs.city))
    for column in subject.derived:
        made[column.name] = looked_up(made[column.comes_from[0]], names)
    head = {name: values[name] for name in [subject.entity, *ROW] if name not in made}
    return pd.DataFrame(head | made)
