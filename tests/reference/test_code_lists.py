"""The code lists: unique numbers, coarse answers over finer ones, and spellings that lead back to a code."""

import pytest

from dtsen_pipeline.reference import Code, CodeList, code_lists

EXPECTED = {
    "ya_tidak",
    "kepemilikan_rumah",
    "lantai",
    "dinding",
    "atap",
    "air_minum",
    "penerangan",
    "daya",
    "bahan_bakar",
    "bab",
    "kloset",
    "tinja",
    "desil",
    "jenis_kelamin",
    "hubungan_keluarga",
    "status_kawin",
    "partisipasi_sekolah",
    "jenjang",
    "kelas",
    "ijazah",
    "lapangan_usaha",
    "status_pekerjaan",
    "omzet",
    "gizi",
    "disabilitas",
    "depresi",
    "penyakit_kronis",
    "hasil_kunjungan",
    "keberadaan",
    "peran_petugas",
    "status_kependudukan",
}
COARSE = {
    "lantai": {91: {1, 2, 4}},
    "atap": {91: {3, 4}},
    "air_minum": {91: {1, 2}},
    "daya": {91: {1, 2}, 92: {3, 4, 5}},
    "bahan_bakar": {91: {1, 2, 3, 4, 5, 6}},
    "tinja": {91: {3, 4, 5, 6}},
}
SIZES = {
    "ya_tidak": 2,
    "lantai": 10,
    "dinding": 7,
    "atap": 9,
    "air_minum": 12,
    "daya": 7,
    "bahan_bakar": 13,
    "tinja": 7,
    "desil": 10,
    "jenjang": 22,
    "ijazah": 23,
    "lapangan_usaha": 26,
    "penyakit_kronis": 18,
}


@pytest.fixture(params=sorted(EXPECTED))
def code_list(request: pytest.FixtureRequest) -> CodeList:
    return code_lists()[request.param]


def test_exactly_the_agreed_lists_are_there() -> None:
    assert set(code_lists()) == EXPECTED
    assert {name: len(code_lists()[name].values) for name in SIZES} == SIZES


def test_codes_are_unique_and_documented(code_list: CodeList) -> None:
    numbers = [number for code in code_list.codes for number in (code.code, *code.aliases)]
    assert len(numbers) == len(set(numbers))
    assert code_list.status in {"inferred", "confirmed"}
    assert code_list.title
    assert code_list.source
    assert list(code_list.labels) == list(code_list.values)


def test_no_code_is_its_own_ancestor(code_list: CodeList) -> None:
    for code in code_list.values:
        above = list(code_list.ancestors(code))
        assert code not in above
        assert set(above) <= set(code_list.values)


def test_coarse_answers_cover_the_published_finer_ones(code_list: CodeList) -> None:
    children: dict[int, set[int]] = {}
    for child, parent in code_list.tree().items():
        children.setdefault(parent, set()).add(child)
    assert children == COARSE.get(code_list.id, {})


def test_every_code_is_reached_by_its_digits_and_its_label(code_list: CodeList) -> None:
    spellings = code_list.spellings()
    for code in code_list.codes:
        assert spellings[str(code.code)] == code.code
        assert spellings[code.label.upper()] == code.code
        assert all(spellings[str(alias)] == code.code for alias in code.aliases)
    assert all(text.isascii() and text == text.upper() for text in spellings)


def test_not_cooking_has_two_numbers_and_one_meaning() -> None:
    fuel = code_lists()["bahan_bakar"]
    assert fuel.spellings()["0"] == fuel.spellings()["12"] == fuel.spellings()["TIDAK MEMASAK"] == 12
    assert 0 not in fuel.values


@pytest.mark.parametrize(
    ("name", "a", "b"), [("lantai", 91, 2), ("lantai", 2, 91), ("lantai", 91, 91), ("daya", 92, 5)]
)
def test_codes_agree_when_one_covers_the_other(name: str, a: int, b: int) -> None:
    assert code_lists()[name].agree(a, b)


@pytest.mark.parametrize(
    ("name", "a", "b"),
    [("lantai", 1, 2), ("lantai", 91, 8), ("daya", 91, 92), ("tinja", 91, 2), ("tinja", 91, 1)],
)
def test_codes_disagree_when_neither_covers_the_other(name: str, a: int, b: int) -> None:
    assert not code_lists()[name].agree(a, b)


def test_agreement_reaches_over_two_levels() -> None:
    kinds = _list(Code(1, "Satu", parent=2), Code(2, "Dua", parent=3), Code(3, "Tiga"))
    assert kinds.agree(1, 3)
    assert kinds.agree(3, 1)


def test_a_text_that_could_mean_two_codes_is_no_spelling() -> None:
    kinds = _list(Code(1, "Lain"), Code(2, "lain"), Code(3, "1"), Code(4, "Empat", also=("Four",)))
    assert kinds.spellings() == {"1": 1, "2": 2, "3": 3, "4": 4, "EMPAT": 4, "FOUR": 4}


def test_only_numbers_that_are_certain_are_confirmed() -> None:
    confirmed = {name for name, code_list in code_lists().items() if code_list.status == "confirmed"}
    assert confirmed == {"desil", "hasil_kunjungan", "keberadaan", "peran_petugas", "status_kependudukan"}


def _list(*codes: Code) -> CodeList:
    example = code_lists()["ya_tidak"]
    return CodeList("contoh", "Contoh", "inferred", example.source, example.effective, codes)
