"""What the readers of welfare models and survey maps refuse."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from dtsen_pipeline.reference import WelfareModel, survey_maps
from dtsen_pipeline.reference.models import WrongDigestError, model_label, read_survey_map, read_welfare_model, written
from dtsen_pipeline.reference.probability import Band, plain

FACTS: dict[str, Any] = {
    "id": "contoh",
    "title": "Contoh",
    "status": "city",
    "kind": "fitted",
    "source": "Sumber umum",
    "effective": date(2026, 1, 1),
    "unit": "keluarga",
    "scope": "kabupaten_kota",
    "outcome": "ln",
    "welfare": "belanja",
    "n": 100,
    "r2": "0.50",
    "residual_sd_micro": 400_000,
    "scale": 1_000_000,
    "intercept_micro": 13_000_000,
    "features": [
        {
            "name": "owns_refrigerator",
            "label": "fridge",
            "label_id": "lemari es",
            "columns": ["keluarga.aset_bergerak_lemari_es"],
            "definition": "ada",
            "survey_variable": "fridge",
            "reading": "as_is",
            "coefficient_micro": 100_000,
        }
    ],
    "dropped": [{"survey_variable": "radio", "reason": "Tidak ada kolomnya."}],
}


def wrote(folder: Path, text: str) -> Path:
    path = folder / "contoh.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def read(folder: Path, **changes: Any) -> WelfareModel:
    return read_welfare_model(wrote(folder, written(FACTS | changes)))


def test_a_model_comes_back_as_it_was_written(tmp_path: Path) -> None:
    model = read(tmp_path, regions=["3571"], until=date(2026, 12, 31))
    assert (model.id, model.r2, model.scale, model.regions) == ("contoh", "0.50", 1_000_000, ("3571",))
    assert model.features[0].coefficient_micro == 100_000
    assert model.features[0].survey_columns == ("fridge",)
    assert model.dropped[0].survey_variable == "radio"
    assert (model.place_columns, model.levels) == ((), {})
    model = read(tmp_path, place="prov, kab", levels={"3571": -5, "0112": 3})
    assert (model.place_columns, model.levels) == (("prov", "kab"), {"3571": -5, "0112": 3})


def test_a_changed_number_is_found(tmp_path: Path) -> None:
    text = written(FACTS)
    assert "coefficient_micro: 100000" in text
    path = wrote(tmp_path, text.replace("coefficient_micro: 100000", "coefficient_micro: 100001"))
    with pytest.raises(WrongDigestError, match="sha256"):
        read_welfare_model(path)


def test_a_comment_changes_nothing(tmp_path: Path) -> None:
    assert read_welfare_model(wrote(tmp_path, "# A word.\n" + written(FACTS))).id == "contoh"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"id": "lain"}, "id: 'lain' is not one of contoh"),
        ({"status": "official"}, "'official' is not one of"),
        ({"kind": "guessed"}, "kind: 'guessed' is not one of"),
        ({"unit": "rumah"}, "unit: 'rumah' is not one of keluarga"),
        ({"scope": "dunia"}, "scope: 'dunia' is not one of"),
        ({"scale": 1000}, "scale: 1000 is not one of 1000000"),
        ({"r2": 0.5}, "r2: 0.5 is not of type str"),
        ({"n": True}, "n: True is not of type int"),
        ({"bobot": 1}, "unknown keys: bobot"),
        ({"until": date(2025, 1, 1)}, "until lies before effective"),
        ({"until": "besok"}, "until: 'besok' is not of type date"),
        ({"regions": ["35x1"]}, "regions are leading digits"),
        ({"regions": ["3571", "3571"]}, "duplicate regions: 3571"),
        ({"features": []}, "a model needs a feature"),
        ({"features": FACTS["features"] * 2}, "duplicate features: owns_refrigerator"),
        ({"dropped": [{"survey_variable": "radio"}]}, "dropped: missing keys: reason"),
        ({"weight": 3}, "weight: 3 is not of type str"),
        ({"welfare": 3}, "welfare: 3 is not of type str"),
        ({"place": "kode"}, "levels belong to models with a place"),
        ({"levels": {"3571": 1}}, "levels belong to models with a place"),
        ({"place": "prov,", "levels": {}}, "place names the one or two columns"),
        ({"place": "prov, kab, kec", "levels": {}}, "place names the one or two columns"),
        ({"place": "kode", "levels": {"35710": 1}}, "named by four digits"),
        ({"place": "kode", "levels": {3571: 1}}, "3571 is not of type str"),
        ({"place": "kode", "levels": {"3571": 0.1}}, "0.1 is not of type int"),
    ],
)
def test_a_faulty_model_is_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read(tmp_path, **changes)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("coefficient_micro", 0.1, "owns_refrigerator: 0.1 is not of type int"),
        ("coefficient_micro", None, "owns_refrigerator: None is not of type int"),
        ("label", None, "owns_refrigerator: None is not of type str"),
    ],
)
def test_a_faulty_feature_is_refused(tmp_path: Path, key: str, value: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read(tmp_path, features=[{**FACTS["features"][0], key: value}])


def test_a_missing_coefficient_is_refused(tmp_path: Path) -> None:
    feature = {key: value for key, value in FACTS["features"][0].items() if key != "coefficient_micro"}
    with pytest.raises(ValueError, match="missing keys: coefficient_micro"):
        read(tmp_path, features=[feature])


AGREEMENT: dict[str, Any] = {
    "snapshot": "v4_2026",
    "files": ["0123456789ab"],
    "folds": 10,
    "seed": 1,
    "penalty": "1",
    "exact": "0.3",
    "within_one": "0.7",
    "kendall": "0.6",
    "chances": [[100] * 9 + [None]] * 10,
}


def test_an_imitation_says_how_well_it_agrees(tmp_path: Path) -> None:
    found = read(tmp_path, kind="imitation", agreement=AGREEMENT).agreement
    assert found is not None
    assert (found.exact, found.files, found.chances[9][8:]) == ("0.3", ("0123456789ab",), (100, None))
    assert read(tmp_path).agreement is None
    told = {kind: model_label({"id": "x", "status": "city", "kind": kind}) for kind in ("fitted", "imitation")}
    assert told["fitted"] == "x (city)"
    assert "bukan ukuran kesejahteraan" in told["imitation"]
    assert model_label({"id": "x", "status": "city"}) == "x (city)"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "imitation"}, "agreement belongs to imitations"),
        ({"agreement": AGREEMENT}, "agreement belongs to imitations"),
        ({"kind": "imitation", "agreement": {**AGREEMENT, "exact": 0.3}}, "exact: 0.3 is not of type str"),
        ({"kind": "imitation", "agreement": {**AGREEMENT, "chances": [[1]]}}, "ten rows of ten"),
        ({"kind": "imitation", "agreement": {**AGREEMENT, "chances": [["1"] * 10] * 10}}, "'1' is not of type int"),
        ({"kind": "imitation", "agreement": {"exact": "1"}}, "missing keys"),
    ],
)
def test_an_imitation_without_its_agreement_is_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read(tmp_path, **changes)


def band(**changes: int) -> list[int]:
    row = {"least": 0, "most": 2, "answers": 5, "predicted": 100, "observed": 90, "low": 10, "high": 300}
    return list((row | changes).values())


TABLE = {"event": "desil = k", "brier": "0.8", "blind": "0.9", "calibration_error": "0.01", "bands": [band()]}
PROBABILITY = {"folds": 10, "repeats": 2, "seed": 1, "tables": [TABLE], "residuals_micro": list(range(100))}


def test_a_model_says_what_its_residuals_say(tmp_path: Path) -> None:
    found = read(tmp_path, probability=PROBABILITY).probability
    assert found is not None
    assert found.residuals_micro == tuple(range(100))
    assert found.tables[0].bands[0] == Band(least=0, most=2, answers=5, predicted=100, observed=90, low=10, high=300)
    assert read(tmp_path, probability=plain(found)).probability == found


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"residuals_micro": list(range(99))}, "a hundred numbers"),
        ({"residuals_micro": list(range(99, -1, -1))}, "a hundred numbers"),
        ({"residuals_micro": [0.5] * 100}, "0.5 is not of type int"),
        ({"folds": "10"}, "folds: '10' is not of type int"),
        ({"tables": [{**TABLE, "brier": 0.8}]}, "brier: 0.8 is not of type str"),
        ({"tables": [{**TABLE, "bands": [band()[1:]]}]}, "a band is least most"),
        ({"tables": [{**TABLE, "bands": [band(observed=10_001)]}]}, "the last 4 from 0 to 10000"),
        ({"tables": [{"event": "x"}]}, "missing keys"),
    ],
)
def test_a_faulty_probability_is_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read(tmp_path, probability={**PROBABILITY, **changes})


def test_an_imitation_has_no_probability_of_welfare(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="says nothing of welfare"):
        read(tmp_path, kind="imitation", agreement=AGREEMENT, probability=PROBABILITY)


def two_sections(**changes: Any) -> dict[str, Any]:
    """A model file with sections; `changes` are of the second one."""
    numbers = {"n": 50, "r2": "0.4", "residual_sd_micro": 1, "intercept_micro": 7, "coefficients_micro": {NAME: 3}}
    one = {"name": "kota", "value": 1, "regions": ["357101"], **numbers}
    two = {"name": "desa", "value": 0, "regions": ["357102", "3571030001"], **numbers, "coefficients_micro": {NAME: 5}}
    feature = {key: value for key, value in FACTS["features"][0].items() if key != "coefficient_micro"}
    return {"section": "urban", "sections": [one, two | changes], "features": [feature]}


NAME = FACTS["features"][0]["name"]


def read_sectioned(folder: Path, **facts: Any) -> WelfareModel:
    whole = {key: value for key, value in FACTS.items() if key != "intercept_micro"} | facts
    return read_welfare_model(wrote(folder, written(whole)))


def test_a_model_with_sections_is_scored_by_its_parts(tmp_path: Path) -> None:
    model = read_sectioned(tmp_path, **two_sections(intercept_micro=9))
    city, village = model.parts
    assert (city.part, city.intercept_micro, city.features[0].coefficient_micro) == ("kota", 7, 3)
    assert (village.part, village.intercept_micro, village.features[0].coefficient_micro) == ("desa", 9, 5)
    assert model.part_of("3571010007") == city
    assert model.part_of("3571030001") == village
    assert model.part_of("3571030002") is None
    assert model.part_of(None) is None
    plain = read(tmp_path)
    assert plain.parts == (plain,)
    assert plain.part_of(None) == plain


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"section": None}, "belong to a column"),
        ({"place": "kode", "levels": {}}, "belong to a column"),
        (two_sections(regions=["35710"]), "no region code of two"),
        (two_sections(regions=["357101"]), "no region code of two"),
        (two_sections(regions=[]), "needs a region"),
        (two_sections(regions=["kota"]), "leading digits"),
        (two_sections(name="kota"), "duplicate name"),
        (two_sections(value=1), "duplicate value"),
        (two_sections(value="1"), "'1' is not of type int"),
        (two_sections(coefficients_micro={}), f"missing keys: {NAME}"),
        (two_sections(coefficients_micro={NAME: 1, "x": 2}), "unknown keys: x"),
        (two_sections(coefficients_micro={NAME: 0.5}), "0.5 is not of type int"),
        (two_sections(intercept_micro=None), "None is not of type int"),
        (two_sections(r2=0.4), "0.4 is not of type str"),
        ({"sections": two_sections()["sections"][:1]}, "two at least"),
        ({"features": FACTS["features"]}, "unknown keys: coefficient_micro"),
        ({"intercept_micro": 1}, "unknown keys: intercept_micro"),
    ],
)
def test_faulty_sections_are_refused(tmp_path: Path, facts: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_sectioned(tmp_path, **two_sections() | facts)


def test_a_survey_map_has_no_numbers(tmp_path: Path) -> None:
    path = survey_maps()["alatas_2008"]
    planned = read_survey_map(path)
    assert {feature.coefficient_micro for feature in planned.features} == {0}
    facts = yaml.safe_load(path.read_text(encoding="utf-8")) | {"n": 5}
    with pytest.raises(ValueError, match="unknown keys: n"):
        read_survey_map(wrote(tmp_path, yaml.safe_dump(facts)))


def test_models_overlap_where_a_family_has_two_on_a_day(tmp_path: Path) -> None:
    first = read(tmp_path, regions=["3571"], until=date(2026, 6, 30))
    same = {"regions": ["35"], "effective": date(2026, 6, 30)}
    assert first.overlaps(read(tmp_path, **same))
    assert first.overlaps(read(tmp_path))
    assert not first.overlaps(read(tmp_path, **same | {"effective": date(2026, 7, 1)}))
    assert not first.overlaps(read(tmp_path, **same | {"regions": ["3572"]}))
    assert first.covers("3571010")
    assert not first.covers("3572")
