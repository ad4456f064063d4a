"""A polluted file is read as the sound one, or refused, or loses exactly its damaged rows: nothing in between."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest

from dtsen_pipeline.core import intake
from dtsen_pipeline.reference import Profile, profiles
from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.reasons import REASONS
from tests.core.pollution import Polluted, Sheet, missing_and_extra, pollutions

TOKEN = "0123456789ab"  # noqa: S105 - a file token is no secret
COLUMNS = (
    "kode_provinsi",
    "alamat",
    "nomor_kartu_keluarga",
    "nama_kepala_keluarga",
    "jumlah_anggota_keluarga",
    "desil_nasional",
)
RECORDS = (
    ("35", "JL. MELATI NO. 7", "3571010101019001", "CÉLINE", "4", "1"),
    ("35", 'GANG "BUNTU" II', "3571010101019002", "NU'MAN", "", "10"),
    ("35", "JL. KENANGA, RT 01|RW 02; BLOK 3", "3571010101019003", "AN\u2019NISA", "2", ""),
    ("35", "", "3571010101019004", 'É "Ñ"', "12", ""),
    ("35", 'PIPA 5"', "3571010101019005", "X", "1", "7"),
    ("35", "  ", "3571010101019006", "-", "3", "3"),
)
QUOTED = Sheet(COLUMNS, RECORDS, "|", quotes_all=True, end="\n")
MINIMAL = Sheet(COLUMNS, RECORDS, ",", quotes_all=False, end="\r\n")
SHEETS = {"quoted": QUOTED, "minimal": MINIMAL}


def _profile(sheet: Sheet) -> Profile:
    return replace(
        profiles()["bps_v3_keluarga"],
        header=sheet.header,
        delimiter=sheet.delimiter,
        quoting="all" if sheet.quotes_all else "minimal",
    )


def outcome(sheet: Sheet, polluted: Polluted) -> str:
    """`read`, `refused`, `rejected`, or `cut` where whole lines are gone; everything else is `silent`."""
    try:
        reading = intake.read(polluted.data, _profile(sheet), TOKEN)
    except DtsenError as error:
        return "refused" if error.code in REASONS and not _tells(sheet, str(error)) else "silent"
    lost = _lost(sheet, reading.rows.select(sheet.header).rows())
    if lost is None or not lost <= polluted.touched or not _stands_there(polluted, reading):
        return "silent"
    if lost and reading.damaged.is_empty():
        return "cut" if polluted.is_cut else "silent"
    return "read" if reading.damaged.is_empty() else "rejected"


def _tells(sheet: Sheet, text: str) -> bool:
    return any(len(cell) > 3 and cell in text for record in sheet.records for cell in record)


def _lost(sheet: Sheet, found: Sequence[tuple[str, ...]]) -> frozenset[int] | None:
    """Which records are missing; none of them where something was read that the sound file does not hold."""
    place = {record: number for number, record in enumerate(sheet.records)}
    numbers = [place.get(record, -1) for record in found]
    if -1 in numbers or numbers != sorted(set(numbers)):
        return None
    return frozenset(place.values()) - set(numbers)


def _stands_there(polluted: Polluted, reading: intake.Reading) -> bool:
    """Whether every line has one fate, and a row names the line on which it stands."""
    lines = [line.decode(errors="replace") for line in polluted.data.split(b"\n")[:-1]]
    rows, damaged = reading.rows["row"].to_list(), reading.damaged["row"].to_list()
    cards = zip(rows, reading.rows["nomor_kartu_keluarga"].to_list(), strict=True)
    is_complete = sorted(rows + damaged) == list(range(2, len(lines) + 1))
    return is_complete and all(card in lines[row - 1] for row, card in cards)


@pytest.mark.parametrize("name", SHEETS)
def test_the_sound_file_is_read(name: str) -> None:
    sheet = SHEETS[name]
    assert intake.read(sheet.bytes(), _profile(sheet), TOKEN).rows.select(COLUMNS).rows() == list(RECORDS)


@pytest.mark.parametrize("name", SHEETS)
def test_nothing_polluted_is_read_silently_otherwise(name: str) -> None:
    """Only whole lines that are gone pass unseen; a manifest tells."""
    found = Counter((outcome(SHEETS[name], one), one.kind) for one in pollutions(SHEETS[name]))
    assert {kind: count for (result, kind), count in found.items() if result == "silent"} == {}
    assert {kind for result, kind in found if result == "cut"} <= {"cut off", "cut off and ended", "a line is gone"}
    totals = Counter[str]()
    for (result, _), count in found.items():
        totals[result] += count
    assert totals["rejected"] > totals["refused"] > totals["read"] > totals["cut"] > 0
    assert totals.total() > 3_000


@pytest.mark.parametrize("name", SHEETS)
def test_one_delimiter_too_few_or_too_many_costs_its_row_alone(name: str) -> None:
    """At every row and column of the whole contract of a family file."""
    header = profiles()["bps_v3_keluarga"].header
    cells = dict.fromkeys(header, "1")
    records = [tuple((cells | dict(zip(COLUMNS, record, strict=True))).values()) for record in RECORDS]
    sheet = replace(SHEETS[name], header=header, records=tuple(records))
    found = Counter((outcome(sheet, one), bool(one.touched)) for one in missing_and_extra(sheet))
    width = len(header)
    assert found == {("rejected", True): 6 * (2 * width), ("refused", False): 2 * width}


def test_a_record_that_is_lost_whole_is_not_seen_without_a_manifest() -> None:
    """What the gate cannot know, stated: the file is read as what it is, which is less than was sent."""
    data = QUOTED.bytes(QUOTED.lines()[:-1])
    assert intake.read(data, _profile(QUOTED), TOKEN).rows.height == len(RECORDS) - 1
