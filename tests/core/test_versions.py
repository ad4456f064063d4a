"""A version of a submission stands or falls as a whole: its members, its corrections and its faults go with it."""

from dataclasses import replace

import polars as pl
import pytest

from dtsen_pipeline.core.corrections import TIES
from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.core.inputs import Source
from dtsen_pipeline.schemas.tables import VISIT, VISIT_MEMBER
from tests.core.rows import NIK, Pointer, Release, Town, card, nik
from tests.core.test_later import token
from tests.running import Run

DAY, ID, SIGN = "2026-08-03", "uuid:0", "status_kawin"
SPOILT = {"luas_lantai": "0"}
BAD_DAY = {"tanggal_lahir": "2026-13-01"}


class Served(Town):
    """A town with one family and a form server's files: `file`0 holds visits, `file`1 their members."""

    def __init__(self, *files: tuple[str, str], form: str = "odk_v1_json") -> None:
        super().__init__()
        for key, batch in files:
            self.sources[f"{key}0"] = Source(f"{key}0" * 32, VISIT, form, 1, batch=batch)
            self.sources[f"{key}1"] = Source(f"{key}1" * 32, VISIT_MEMBER, f"{form}_anggota", 1, batch=batch)
        self.family(card(0), luas_lantai="30")
        self.member(card(0), 60)

    def without_members(self, file: str) -> None:
        """The batch brought visits only."""
        del self.sources[f"{file}1"]

    def version(self, file: str, area: str, **cells: str) -> Pointer:
        """A version of the visit."""
        return self.visit(card(0), DAY, f"{file}0", **{"id_kunjungan": ID, "luas_lantai": area} | cells)

    def person(self, file: str, sign: str, **cells: str) -> Pointer:
        """What a version says of the family's member."""
        return self.met(ID, file=f"{file}1", **{NIK: nik(60), SIGN: sign} | cells)

    def correcting(self, key: str, target: Pointer) -> str:
        """A file `key` of corrections of the file that `target` stands in; returns the key of its rows."""
        (mended,) = {source for source in self.sources.values() if source.token == target[0]}
        self.sources[key] = replace(mended, sha256=key * 32, profile=f"koreksi_{mended.table}", corrects=mended.sha256)
        return key


def released(town: Town, engine: Engine, *ties: tuple[Pointer, Pointer]) -> Release:
    """The release; `ties`: corrections and the rows that they correct."""
    made = Release(town, engine)
    if ties:
        tied = pl.DataFrame([(*mine, *theirs, *theirs) for mine, theirs in ties], schema=dict(TIES), orient="row")
        made.run = Run(replace(town.readings(), ties=tied), engine)
        made.tables = made.run.tables
    return made


def area(release: Release) -> int:
    """The published floor area."""
    found: int = release.family(card(0))["luas_lantai"]
    return found


def gap(release: Release) -> str | None:
    """Why the family is incomplete."""
    found: str | None = release.family(card(0))["alasan_tidak_lengkap"]
    return found


def resolved(release: Release, pointer: Pointer) -> str | None:
    """Who made a rejected row good."""
    rows = {(row["src"], row["row"]): row["resolved_by"] for row in release.tables["rejected"]}
    found: str | None = rows[pointer]
    return found


WEEKS = (("f", "2026-W40-A"), ("b", "2026-W41-A"))


def test_a_newer_version_mends_the_faults_of_the_older(engine: Engine) -> None:
    town = Served(*WEEKS)
    bad, unread = town.version("f", "0"), town.person("f", "1", **{NIK: "123"})
    good = town.version("b", "42")
    town.person("b", "3")
    release = released(town, engine)
    assert {resolved(release, bad), resolved(release, unread)} == {token(good)}
    assert (area(release), gap(release)) == (42, None)


def test_a_newer_version_without_members_mends_no_member(engine: Engine) -> None:
    town = Served(*WEEKS)
    town.version("f", "41")
    unread = town.person("f", "1", **{NIK: "123"})
    town.version("b", "42")
    town.without_members("b")
    release = released(town, engine)
    assert resolved(release, unread) is None
    assert gap(release) == "anggota_ditolak"


def test_a_rejected_newer_version_mends_nothing(engine: Engine) -> None:
    town = Served(*WEEKS)
    bad = town.version("f", "0")
    town.version("b", "0")
    assert resolved(released(town, engine), bad) is None


@pytest.mark.parametrize("key", ["a0", "g0"])
def test_the_correction_of_an_older_version_gives_way_to_the_newer(engine: Engine, key: str) -> None:
    town = Served(*WEEKS)
    bad, good = town.version("f", "0"), town.version("b", "43")
    mend = town.visit(card(0), DAY, town.correcting(key, bad), id_kunjungan=ID, luas_lantai="42")
    release = released(town, engine, (mend, bad))
    assert (area(release), release.reason(mend)) == (43, "S_NEWER_VERSION")
    assert resolved(release, bad) == token(good)


@pytest.mark.parametrize("key", ["a0", "g0"])
def test_the_correction_of_the_newer_version_stands(engine: Engine, key: str) -> None:
    town = Served(*WEEKS)
    old, bad = town.version("f", "41"), town.version("b", "0")
    mend = town.visit(card(0), DAY, town.correcting(key, bad), id_kunjungan=ID, luas_lantai="42")
    release = released(town, engine, (mend, bad))
    assert (area(release), release.reason(old)) == (42, "S_NEWER_VERSION")
    assert resolved(release, bad) == token(mend)


@pytest.mark.parametrize("key", ["a1", "g1"])
def test_a_corrected_member_of_an_older_version_gives_way(engine: Engine, key: str) -> None:
    town = Served(*WEEKS)
    town.version("f", "41")
    bad = town.person("f", "1", **BAD_DAY)
    town.version("b", "42")
    new = town.person("b", "3")
    mend = town.met(ID, file=town.correcting(key, bad), **{NIK: nik(60), SIGN: "1"})
    release = released(town, engine, (mend, bad))
    assert (release.fate(mend), release.fate(new)) == ("superseded", "contributed")
    assert release.persons(card(0))[0][SIGN] == 3


@pytest.mark.parametrize(("older", "newer"), [("f", "b"), ("b", "f")])
def test_members_of_a_version_that_nobody_approved_wait(engine: Engine, older: str, newer: str) -> None:
    town = Served((older, "2026-W40-A"), (newer, "2026-W41-A"), form="odk_v1_csv")
    town.version(older, "41")
    stands = town.person(older, "1")
    town.damage(VISIT, f"{newer}0" * 6, "H_NOT_APPROVED")
    waits = town.person(newer, "3")
    release = released(town, engine)
    assert (release.fate(stands), release.fate(waits)) == ("contributed", "held:H_VERSION_UNKNOWN")
    assert (release.persons(card(0))[0][SIGN], gap(release)) == (1, None)


@pytest.mark.parametrize(("older", "newer"), [("f", "b"), ("b", "f")])
def test_members_of_a_rejected_version_wait_for_its_correction(engine: Engine, older: str, newer: str) -> None:
    town = Served((older, "2026-W40-A"), (newer, "2026-W41-A"))
    town.version(older, "41")
    town.person(older, "1")
    town.version(newer, "0")
    waits = town.person(newer, "3")
    release = released(town, engine)
    assert release.fate(waits) == "held:H_VISIT_UNKNOWN"
    assert (release.persons(card(0))[0][SIGN], gap(release)) == (1, "anggota_ditahan")


def test_members_stand_where_the_newer_batch_brought_none(engine: Engine) -> None:
    town = Served(*WEEKS)
    town.version("f", "41")
    met = town.person("f", "3")
    town.version("b", "42")
    town.without_members("b")
    release = released(town, engine)
    assert (release.fate(met), release.persons(card(0))[0][SIGN], area(release)) == ("contributed", 3, 42)


def test_members_sent_alone_follow_the_version_that_stands(engine: Engine) -> None:
    town = Served(*WEEKS, form="odk_v1_csv")
    town.version("f", "41")
    del town.sources["b0"]
    met = town.person("b", "3")
    release = released(town, engine)
    assert (release.fate(met), release.persons(card(0))[0][SIGN]) == ("contributed", 3)


def test_a_member_dropped_from_the_newer_version_is_not_met(engine: Engine) -> None:
    town = Served(*WEEKS)
    town.version("f", "41")
    met = town.person("f", "3")
    town.version("b", "42")
    release = released(town, engine)
    assert (release.reason(met), release.persons(card(0))[0][SIGN]) == ("S_NEWER_VERSION", 2)


def test_a_row_that_takes_no_part_makes_nothing_good(engine: Engine) -> None:
    town = Served(*WEEKS)
    town.visit(card(0), "2026-08-02", "f0", id_kunjungan="uuid:1")
    bad = town.met("uuid:1", file="f1", **{NIK: nik(60)}, **BAD_DAY)
    town.version("f", "41")
    town.person("f", "3")
    town.version("b", "42")
    release = released(town, engine)
    assert resolved(release, bad) is None


def test_both_exports_of_kobotoolbox_speak_of_one_visit(engine: Engine) -> None:
    town = Served(("f", "2026-W40-A"), form="kobo_v1_json")
    town.sources["b0"] = Source("b0" * 32, VISIT, "kobo_v1_csv", 1, batch="2026-W41-A")
    old = town.version("f", "41")
    met = town.person("f", "3")
    town.version("b", "42", id_kunjungan=ID.removeprefix("uuid:"))
    release = released(town, engine)
    assert (area(release), release.fate(old), release.fate(met)) == (42, "superseded", "contributed")


def test_an_older_version_warns_of_nothing(engine: Engine) -> None:
    town = Served(*WEEKS)
    odd = {"jenis_lantai_terluas": "77"}
    old, new = town.version("f", "41", **odd), town.version("b", "42", **odd)
    release = released(town, engine)
    assert release.warnings(old) == set()
    assert release.warnings(new) != set()
