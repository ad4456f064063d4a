"""Why rows are held or out of scope, and why a correction is not taken."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from openpyxl.workbook.workbook import Workbook

from dtsen_pipeline.core.corrections import Correction, correction_file
from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.core.inputs import Source
from dtsen_pipeline.resources.closing import close_rows
from dtsen_pipeline.resources.decide import Word
from dtsen_pipeline.resources.platform import Platform, opened
from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.tables import VISIT, VISIT_MEMBER, delivered, tables
from tests.core.rows import Pointer, Release, Town, card, nik
from tests.correcting import CorrectionFile, corrected
from tests.queries.world import NOW
from tests.resources.test_correct import cells, exported, sent
from tests.running import Run
from tests.triggers.place import Place, Trigger

NIK, NAME, BORN, SEX, DAY = "nomor_induk_kependudukan", "nama", "tanggal_lahir", "jenis_kelamin", "2026-08-01"
COMPLETE = {NAME: "BAYI", BORN: "2026-01-01", SEX: "2"}


def scene(engine: Engine) -> dict[str, str]:
    """The fate of a row for each reason that holds one."""
    town = Town()
    for number in range(8):
        town.family(card(number))
    strange = town.visit(card(40), DAY, luas_lantai="44")
    at = {
        "H_FAMILY_ABSENT": town.member(card(77), 77),
        "H_NO_IDENTITY": town.member(card(0), None, **{NAME: ""}),
        "H_FAMILY_UNKNOWN": strange,
        "H_VISIT_HELD": town.met(strange, **{NIK: nik(0)}),
        "H_VISIT_UNKNOWN": town.met("nowhere", **{NIK: nik(0)}),
        "O_CITY": town.family(card(41), kode_kabupaten_kota="3506"),
    }
    for number, day in ((1, DAY), (2, "2026-08-02")):
        town.visit(card(number), day, id_kunjungan="V1", luas_lantai="44")
    at["H_VISIT_TWICE"] = town.met("V1", "5", **COMPLETE)
    town.member(card(3), 3)
    town.member(card(3), None, **{NIK: nik(3), BORN: "2005-05-05"})
    at["H_NIK_AMBIGUOUS"] = town.met(town.visit(card(3), DAY), **{NIK: nik(3)})
    town.member(card(4), 4)
    at["H_NIK_CONTRADICTED"] = town.met(town.visit(card(4), DAY), **{NIK: nik(4), BORN: "1999-01-01"})
    town.member(card(5), 5, **{NAME: "SITI"})
    town.member(card(5), 55, **{NAME: "SITI", BORN: "2005-05-05"})
    at["H_NAME_AMBIGUOUS"] = town.met(town.visit(card(5), DAY), **{NAME: "SITI"})
    at["H_PERSON_UNKNOWN"] = town.met(town.visit(card(6), DAY))
    at["H_REGISTER_AMBIGUOUS"] = town.registered(3, tanggal_lahir="1961-02-03")
    at["H_REGISTER_CONTRADICTED"] = town.registered(4, tanggal_lahir="1961-02-03", nama="SUPARMAN")
    at["O_REGISTER_UNLISTED"] = town.registered(60)
    at |= _versions(town)
    release = Release(town, engine)
    return {code: str(release.reason(pointer)) for code, pointer in at.items()}


def _versions(town: Town) -> dict[str, Pointer]:
    """A submission in three batches: approved, edited and approved again, edited and not approved."""
    for week, files in ((40, "mn"), (41, "op"), (42, "qr")):
        for file, table, profile in zip(
            files, (VISIT, VISIT_MEMBER), ("odk_v1_csv", "odk_v1_csv_anggota"), strict=True
        ):
            town.sources[f"{file}0"] = Source(f"{file}0" * 32, table, profile, 1, batch=f"2026-W{week}-A")
    first = town.visit(card(7), DAY, "m0", id_kunjungan="uuid:7", luas_lantai="44")
    town.visit(card(7), DAY, "o0", id_kunjungan="uuid:7", luas_lantai="45")
    town.damage(VISIT, "q0" * 6, "H_NOT_APPROVED")
    member = town.met("uuid:7", file="r0", **{NIK: nik(7)})
    return {"S_NEWER_VERSION": first, "H_VERSION_UNKNOWN": member}


def valid_corrected(place: Place) -> str | None:
    """A correction beside a family row that is valid."""
    town = Town()
    src, row = town.family(card(1))
    readings = town.readings()
    (source,) = [source for source in readings.inputs.sources if source.token == src]
    told = dict(next(line for line in town.rows["keluarga"] if (line["src"], line["row"]) == (src, row)))
    line = tuple(told.get(name, "") for name in delivered(tables()["keluarga"]))
    data = correction_file("keluarga", [Correction(f"{src}-{row}", f"{src}-{row}", line)])
    run = Run(corrected(readings, [CorrectionFile(data, source)]), place.engine)
    (found,) = [line["reasons"] for line in run.tables["rejected"] if line["src"] != src]
    return str(found)


def with_book(place: Place, change: Callable[[Workbook], object], folder: Path | None = None) -> str | None:
    """The quarantine's workbook, changed and sent back."""
    with opened(place.world.settings) as platform:
        made = exported(platform)
        change(made)
        return sent(platform, made, folder or place.folder).code


def put(name: str, value: object) -> Callable[[Workbook], object]:
    def change(made: Workbook) -> None:
        cells(made, "anggota")[0][name].value = value

    return change


def beyond(made: Workbook) -> None:
    cell = cells(made, "anggota")[0]["token_baris"]
    cell.value = f"{str(cell.value)[:12]}-99999"


def twice(place: Place) -> str | None:
    with_book(place, put(NAME, "CONTOH SATU"))
    return with_book(place, put(NAME, "CONTOH DUA"))


def closed_nowhere(place: Place) -> str | None:
    """A row that no release rejected is to be closed."""
    with opened(place.world.settings) as platform, pytest.raises(DtsenError) as caught:
        close_rows(platform, [f"{'0' * 12}-2"], Word("nobody knows it", "tester", NOW))
    return caught.value.code


def no_export(place: Place) -> str | None:
    platform: Platform
    with opened(place.world.settings) as platform:
        return sent(platform, Workbook(), place.folder).code


def _held(code: str) -> Trigger:
    return lambda place: place.fates[code]


TRIGGERS: Mapping[str, Any] = {
    **{
        code: _held(code)
        for code in (
            "H_FAMILY_ABSENT",
            "H_NO_IDENTITY",
            "H_FAMILY_UNKNOWN",
            "H_VISIT_UNKNOWN",
            "H_VISIT_HELD",
            "H_VERSION_UNKNOWN",
            "S_NEWER_VERSION",
            "H_VISIT_TWICE",
            "H_NIK_AMBIGUOUS",
            "H_NIK_CONTRADICTED",
            "H_NAME_AMBIGUOUS",
            "H_PERSON_UNKNOWN",
            "H_REGISTER_AMBIGUOUS",
            "H_REGISTER_CONTRADICTED",
            "O_REGISTER_UNLISTED",
            "O_CITY",
        )
    },
    "E_CORRECTION_BOOK": no_export,
    "E_CORRECTION_ROW": lambda place: with_book(place, beyond),
    "E_CORRECTION_CELL": lambda place: with_book(place, put("jumlah_usaha", 1.5)),
    "E_CORRECTED_TWICE": twice,
    "E_CORRECTS_VALID": valid_corrected,
    "E_ROW_NOT_OPEN": closed_nowhere,
}
