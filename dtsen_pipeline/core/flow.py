"""The whole flow as one composition, from exact rows to the tables of a release.

Every stage is a function of its own, which the assets call one by one; this file puts them in order for
tests, benchmarks and replays. No file is opened here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace

import narwhals as nw

from dtsen_pipeline.core import findings
from dtsen_pipeline.core.coded import confirmed_in
from dtsen_pipeline.core.complete import incomplete
from dtsen_pipeline.core.corrections import profile_named, resolved, retied, uncalled, vain_of, without_corrected
from dtsen_pipeline.core.editions import versions
from dtsen_pipeline.core.engine import Engine, Frame
from dtsen_pipeline.core.fates import check_fates, fates
from dtsen_pipeline.core.households import check_households
from dtsen_pipeline.core.identity import Observations, Scene, identify
from dtsen_pipeline.core.inputs import InputList
from dtsen_pipeline.core.intake import UNAPPROVED
from dtsen_pipeline.core.later import answered, resolving
from dtsen_pipeline.core.merge import Merged, merge
from dtsen_pipeline.core.normalise import normalise
from dtsen_pipeline.core.numbers import check_numbers
from dtsen_pipeline.core.register import unmatched
from dtsen_pipeline.core.rows import ROW
from dtsen_pipeline.core.rules.context import Context
from dtsen_pipeline.core.rulings import Ruling, standing
from dtsen_pipeline.core.score import Scored, ministry_inputs, score, with_scores
from dtsen_pipeline.core.summary import FAMILY_COLUMNS, PERSON_COLUMNS, summary
from dtsen_pipeline.core.translate import translate
from dtsen_pipeline.core.validate import check, check_ages, split
from dtsen_pipeline.reference import WelfareModel, city, linkage_model, merge_policy
from dtsen_pipeline.schemas.release import TABLES, polars_types
from dtsen_pipeline.schemas.tables import (
    FAMILY,
    FIELD_TABLES,
    INPUT_TABLES,
    MEMBER,
    REGISTER,
    SNAPSHOT_TABLES,
    VISIT,
    VISIT_MEMBER,
    tables,
)


@dataclass(frozen=True)
class Checked:
    """Findings by table, the rejected rows of all tables, those set aside, and warnings from rows side by side.

    `rejected`: with what corrections and newer versions resolve; what later rows resolve is for `settled` to add.
    `aside`: rows that were not approved, and those of a submission's versions that do not stand or say nothing new (see
    `rows.aside`).
    """

    by_table: Mapping[str, Frame]
    rejected: Frame
    aside: Frame
    households: Frame
    numbers: Frame


def scene_of(inputs: InputList, rulings: Iterable[Ruling] = ()) -> Scene:
    """The facts about files that identity and merge need, and which of the reviewers' rulings stand."""
    return Scene(
        city=inputs.city,
        version_of=inputs.version_of,
        dates=inputs.snapshot_dates,
        official=inputs.official_version,
        standing=standing(rulings),
        linkage=linkage_model(),
        registers=inputs.registers,
    )


def context_of(inputs: InputList) -> Context:
    """The facts the row rules may know."""
    return Context(city(inputs.city), inputs.observed, confirmed_in(inputs), inputs.batch_ends, inputs.officers)


def records_of(rows: Frame, table: str, inputs: InputList) -> Frame:
    """Exact rows as records: each file's way of writing in the contract's, then canonical values."""
    place, declared = city(inputs.city), tables()[table]
    profile_of = {source.token: profile_named(source.profile) for source in inputs.of(table)}
    return normalise(translate(rows, declared, profile_of, place), declared, place)


def check_all(
    records: Mapping[str, Frame], damaged: Frame, inputs: InputList, engine: Engine, ties: Frame | None = None
) -> Checked:
    """The findings of every table; `ties`: the correction rows and what they correct, None where there are none."""
    context = context_of(inputs)
    waits = nw.col("reasons") == UNAPPROVED
    waiting, damaged = damaged.filter(waits), damaged.filter(~waits)
    by_table = _findings(records, context, engine)
    counted = {table: records[table] for table in SNAPSHOT_TABLES}
    if ties is not None:
        vain = vain_of(by_table, damaged, records, ties, engine)
        by_table = uncalled(by_table, records, vain, engine)
        counted = {table: without_corrected(rows, ties, vain) for table, rows in counted.items()}
    refused = engine.checkpoint(findings.rejected(damaged, by_table))
    found = versions(records, refused, inputs, engine)
    aside = waiting.select(*ROW, findings.SOURCE, nw.lit("held").alias("fate"), reason=nw.col("reasons"))
    aside = engine.checkpoint(aside if found is None else nw.concat([aside, found.aside]))
    if found is not None:
        refused = engine.checkpoint(refused.join(aside.select(*ROW), on=list(ROW), how="anti"))
        ties = None if ties is None else retied(ties, engine.checkpoint(found.twins))
    told = refused if ties is None else resolved(refused, ties, aside)
    told = told if found is None else resolving(told, engine.checkpoint(found.mended))
    return Checked(
        by_table=by_table,
        rejected=engine.checkpoint(told),
        aside=aside,
        households=check_households(counted[FAMILY], counted[MEMBER], inputs.version_of, engine),
        numbers=_numbers(counted, by_table[MEMBER], records[REGISTER], inputs, engine),
    )


def _numbers(counted: Mapping[str, Frame], found: Frame, registered: Frame, inputs: InputList, engine: Engine) -> Frame:
    """The warnings of members' NIK beside each other, and against the register where there is an extract of it."""
    numbers = check_numbers(counted[MEMBER], found, engine)
    scopes = inputs.register_scopes
    if not scopes:
        return numbers
    base = [token for token, version in inputs.version_of.items() if version == inputs.base_version]
    missing = unmatched(counted[MEMBER], counted[FAMILY], registered, base, scopes, engine)
    return engine.checkpoint(findings.joined(engine.checkpoint(numbers), missing))


def _findings(records: Mapping[str, Frame], context: Context, engine: Engine) -> dict[str, Frame]:
    """The findings of the row rules, and of births and ages against the day of the visit."""
    found = {table: check(records[table], tables()[table], context) for table in INPUT_TABLES}
    found[VISIT_MEMBER] = findings.joined(
        engine.checkpoint(found[VISIT_MEMBER]), engine.checkpoint(check_ages(records[VISIT_MEMBER], records[VISIT]))
    )
    return {table: engine.checkpoint(frame) for table, frame in found.items()}


def valid_of(records: Mapping[str, Frame], checked: Checked) -> dict[str, Frame]:
    """The valid rows of every table that take part."""
    valid = {table: split(records[table], checked.by_table[table]) for table in INPUT_TABLES}
    return {
        table: rows.join(checked.aside.select(*ROW), on=list(ROW), how="anti") if table in FIELD_TABLES else rows
        for table, rows in valid.items()
    }


def stored(observed: Observations, engine: Engine) -> Observations:
    """The same observations, computed once: every later stage reads them."""
    return Observations(**{part.name: engine.checkpoint(getattr(observed, part.name)) for part in fields(observed)})


def settled(
    records: Mapping[str, Frame],
    checked: Checked,
    observed: Observations,
    merged: Merged,
    inputs: InputList,
    engine: Engine,
    key: bytes,
) -> Checked:
    """The findings once it is known which rows are in use: rejected rows that later ones made good name them."""
    silent = merged.silent
    rejected = answered(records, checked.rejected, checked.aside, observed, silent, inputs, engine, key)
    return replace(checked, rejected=engine.checkpoint(rejected))


def warned_of(checked: Checked, observed: Observations, engine: Engine) -> Frame:
    """Every row in use that raised a warning, a row each."""
    rules = [findings.sourced(found, table) for table, found in checked.by_table.items()]
    households = checked.households.select(*ROW, findings.SOURCE, "warnings")
    numbers = findings.sourced(checked.numbers, MEMBER)
    unused = nw.concat([checked.rejected.select(*ROW), checked.aside.select(*ROW)])
    return findings.warned([nw.concat(rules), households, numbers, observed.shared], unused, engine)


def score_all(
    records: Mapping[str, Frame],
    checked: Checked,
    observed: Observations,
    merged: Merged,
    inputs: InputList,
    model: WelfareModel,
    engine: Engine,
    key: bytes,
) -> Scored:
    """Score every family under a model: for a release, the one that the input list names."""
    gaps = _gaps(records, checked, observed, merged, inputs, engine, key)
    return score(merged, gaps, model, inputs.base_date, engine)


def _gaps(
    records: Mapping[str, Frame],
    checked: Checked,
    observed: Observations,
    merged: Merged,
    inputs: InputList,
    engine: Engine,
    key: bytes,
) -> Frame:
    """The families that are incomplete, and why; see `complete.incomplete`."""
    aside = nw.concat([aside_of(observed, merged), checked.aside])
    return incomplete(records, checked.rejected, aside, observed.aliases, scene_of(inputs), engine, key)


def aside_of(observed: Observations, merged: Merged) -> Frame:
    """Every row that takes no part, with its fate and reason."""
    return nw.concat([observed.aside, merged.silent])


def release_of(
    received: Mapping[str, Frame],
    checked: Checked,
    observed: Observations,
    merged: Merged,
    scored: Scored,
    engine: Engine,
) -> dict[str, Frame]:
    """The tables of a release, columns in published order; raises E_FATES where a row is lost or doubled."""
    found = {
        "keluarga": with_scores(merged.families, scored),
        "anggota": merged.persons.merged,
        "lineage": engine.checkpoint(merged.lineage),
        "conflict": engine.checkpoint(merged.conflict),
        "rejected": checked.rejected,
        "warned": warned_of(checked, observed, engine),
        "alias": observed.aliases,
        "vanished": merged.vanished,
        "peristiwa": observed.events,
        "tautan": observed.links,
    }
    aside = nw.concat([aside_of(observed, merged), checked.aside])
    published = [found["keluarga"], found["anggota"]]
    found["fate"] = fates(received, checked.rejected, aside, published, found["lineage"], engine)
    check_fates(received, found["fate"], engine)
    counted = {
        "keluarga": engine.checkpoint(found["keluarga"].select(*FAMILY_COLUMNS)),
        "anggota": engine.checkpoint(found["anggota"].select(*PERSON_COLUMNS)),
    }
    found["summary"] = summary(found | counted)
    return {table: found[table].select(*polars_types(table)) for table in TABLES}


@dataclass(frozen=True)
class Outcome:
    """The tables of a release, and the cut-offs that its scores were cut by."""

    tables: Mapping[str, Frame]
    cuts: tuple[int, ...]


@dataclass(frozen=True)
class Received:
    """Exact rows by table, damaged lines (src, row, sumber, reasons), and ties (see `corrections`) where there are.

    `rulings`: what reviewers decided.
    """

    rows: Mapping[str, Frame]
    damaged: Frame
    ties: Frame | None = None
    rulings: tuple[Ruling, ...] = ()


@dataclass(frozen=True)
class Prepared:
    """What the stages before scoring found; models may score it one after the other."""

    records: Mapping[str, Frame]
    checked: Checked
    observed: Observations
    merged: Merged

    def scored(self, inputs: InputList, model: WelfareModel, engine: Engine, key: bytes) -> Scored:
        """Every family under a model."""
        return score_all(self.records, self.checked, self.observed, self.merged, inputs, model, engine, key)

    def ministry_inputs(self, inputs: InputList, engine: Engine, key: bytes) -> Frame:
        """What an imitation is fitted on, as in `score.ministry_inputs`."""
        gaps = _gaps(self.records, self.checked, self.observed, self.merged, inputs, engine, key)
        return ministry_inputs(self.merged, gaps, inputs.base_date)


def prepared(received: Received, inputs: InputList, engine: Engine, key: bytes) -> Prepared:
    """From what was read to merged entities."""
    records = {table: engine.checkpoint(records_of(received.rows[table], table, inputs)) for table in INPUT_TABLES}
    checked = check_all(records, received.damaged, inputs, engine, received.ties)
    scene = scene_of(inputs, received.rulings)
    observed = stored(identify(valid_of(records, checked), scene, engine, key), engine)
    merged = merge(observed, scene, merge_policy(), engine)
    return Prepared(records, settled(records, checked, observed, merged, inputs, engine, key), observed, merged)


def run(received: Received, inputs: InputList, model: WelfareModel, engine: Engine, key: bytes) -> Outcome:
    """From what was read to the tables of a release."""
    found = prepared(received, inputs, engine, key)
    scored = found.scored(inputs, model, engine, key)
    came = received_of(received.rows, received.damaged)
    return Outcome(release_of(came, found.checked, found.observed, found.merged, scored, engine), scored.cuts)


def received_of(rows: Mapping[str, Frame], damaged: Frame) -> dict[str, Frame]:
    """Src and row of every line that came in, damaged ones included, by table."""
    return {
        table: nw.concat(
            [
                rows[table].select("src", "row"),
                damaged.filter(nw.col("sumber") == table).select("src", "row"),
            ]
        )
        for table in INPUT_TABLES
    }
