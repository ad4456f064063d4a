"""`dtsen model`: a model fitted on a survey, tried on another, read, and refused where something is wrong."""

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from dtsen_pipeline.queries.reading import view
from dtsen_pipeline.reference import welfare_models
from dtsen_pipeline.resources.decide import Word, refuse
from dtsen_pipeline.resources.platform import opened
from tests.cli.conftest import Dtsen, Said
from tests.core.test_parity import needs_java
from tests.modelled import give_model
from tests.queries.world import NOW, World
from tests.surveys import facts_of_map, rows, sections_of, wrote_map, wrote_survey

MARK = "314159265"
QUICK = ("--repeats", "2")


@pytest.fixture
def fit(dtsen: Dtsen, tmp_path: Path) -> Any:
    """Fit on a made-up survey, by default into the home."""

    def run(*arguments: object, name: str = "kota", lines: list[list[str]] | None = None, **changes: Any) -> Said:
        survey = wrote_survey(tmp_path / "survey.csv", rows() if lines is None else lines)
        planned = wrote_map(tmp_path / "map.yaml", **changes)
        return dtsen("model", "fit", "--survey", survey, "--map", planned, "--name", name, *QUICK, *arguments)

    return run


def test_a_fit_is_kept_with_its_card_and_can_be_tried(fit: Any, dtsen: Dtsen, home: Path, tmp_path: Path) -> None:
    said = fit("--json", weight="w", baseline=["w"])
    assert said.code == 0, said.all
    assert said.document["households"] == 300
    assert said.document["excess"]["40"]["high"] < 0
    model = yaml.safe_load((home / "models" / "kota.yaml").read_text(encoding="utf-8"))
    size, fridge = (feature["coefficient_micro"] for feature in model["features"])
    assert size == pytest.approx(-200_000, abs=40_000)
    assert fridge == pytest.approx(600_000, abs=150_000)
    assert model["status"] == "city"
    card = (home / "models" / "kota.md").read_text(encoding="utf-8")
    assert f"{model['intercept_micro'] / 1e6:.6f}" in card
    assert "seed 2026" in card
    other = wrote_survey(tmp_path / "other.csv", rows(seed=12))
    tried = dtsen("model", "score", "--model", "kota", "--survey", other, "--draws", "100", "--json").document
    assert 0.35 < tried["r2"] < 0.8
    for tables in (said.document["probability"], tried["probability"]):
        each = tables[0]
        assert float(each["brier"]) < float(each["blind"])
        assert sum(band["answers"] for band in each["bands"]) == 3000
    assert model["probability"]["tables"][0]["brier"] == said.document["probability"][0]["brier"]
    assert len(model["probability"]["residuals_micro"]) == 100
    assert f"| {said.document['probability'][1]['brier']} |" in card
    assert "Galat kalibrasi" in dtsen("model", "show", "kota").all
    assert tried["errors"][3]["exclusion"]["low"] < tried["errors"][3]["exclusion"]["value"] < 0.4


def test_a_fit_is_the_weighted_one(fit: Any, home: Path) -> None:
    lines = rows()
    fit(weight="w", lines=lines)
    repeated = [line for line in lines for _ in range(int(line[3]))]
    fit(name="ulang", lines=repeated, effective=date(2025, 1, 1), until=date(2025, 6, 1))
    one, other = (yaml.safe_load((home / "models" / f"{name}.yaml").read_text("utf-8")) for name in ("kota", "ulang"))
    assert one["intercept_micro"] == pytest.approx(other["intercept_micro"], abs=1)
    assert one["n"] == 300
    assert other["n"] == len(repeated)


def test_places_have_levels_that_a_survey_is_scored_with(fit: Any, dtsen: Dtsen, home: Path, tmp_path: Path) -> None:
    """The column of weights serves as the code of a place; places 2 and 3 spend 2 and 8 times as much as place 1."""

    def lifted(lines: list[list[str]]) -> list[list[str]]:
        return [[str(float(line[0]) * {"1": 1, "2": 2, "3": 8}[line[3]]), *line[1:]] for line in lines]

    assert fit("--json", place="w", lines=lifted(rows())).code == 0
    assert (
        fit("--json", name="rata", lines=lifted(rows()), until=date(2025, 1, 1), effective=date(2025, 1, 1)).code == 0
    )
    levels = yaml.safe_load((home / "models" / "kota.yaml").read_text(encoding="utf-8"))["levels"]
    assert levels["0002"] - levels["0001"] == pytest.approx(1e6 * np.log(2), abs=150_000)
    assert levels["0003"] - levels["0001"] == pytest.approx(1e6 * np.log(8), abs=150_000)
    assert f"| 0003 | {levels['0003'] / 1e6:.6f} |" in (home / "models" / "kota.md").read_text(encoding="utf-8")
    other = wrote_survey(tmp_path / "other.csv", lifted(rows(seed=12)))
    told = {
        name: dtsen("model", "score", "--model", name, "--survey", other, "--draws", "100", "--json").document["r2"]
        for name in ("kota", "rata")
    }
    assert told["kota"] > 0.6 > told["rata"]
    assert "0003" in dtsen("model", "show", "kota").out
    assert "levels" not in dtsen("model", "show", "rata").out


def test_sections_are_fitted_apart_and_a_survey_is_scored_by_them(
    fit: Any, dtsen: Dtsen, home: Path, tmp_path: Path
) -> None:
    """Where `w` is 3 a refrigerator tells the opposite: one model for all cannot say so, and sections can."""
    lines = [
        [str(float(s) * ((float(w) == 3 and 4 ** (1 - 2 * int(f))) or 1)), p, f, str(1 + (w == "3")), note]
        for s, p, f, w, note in rows()
    ]
    said = fit("--json", lines=lines, section="w", sections=sections_of(("3571010",), ("3571020", "3571030")))
    assert said.code == 0, said.all
    model = yaml.safe_load((home / "models" / "kota.yaml").read_text(encoding="utf-8"))
    one, two = model["sections"]
    assert one["coefficients_micro"]["owns_refrigerator"] == pytest.approx(600_000, abs=200_000)
    assert two["coefficients_micro"]["owns_refrigerator"] < -1_000_000
    assert one["n"] + two["n"] == model["n"] == 300
    assert "intercept_micro" not in model
    assert "coefficient_micro" not in model["features"][0]
    spreads = sorted((one["residual_sd_micro"], two["residual_sd_micro"]))
    assert spreads[0] <= model["residual_sd_micro"] <= spreads[1]
    card = (home / "models" / "kota.md").read_text(encoding="utf-8")
    assert "section: bagian_2" in card
    assert f"| `(intercept)` | {two['intercept_micro'] / 1e6:.6f} |" in card
    assert "bagian_1" in dtsen("model", "show", "kota").all
    shown = dtsen("model", "show", "kota", "--json").document
    assert [part["weights"] for part in shown["sections"]] == [one["coefficients_micro"], two["coefficients_micro"]]
    other = wrote_survey(tmp_path / "other.csv", lines)
    tried = dtsen("model", "score", "--model", "kota", "--survey", other, "--draws", "100", "--json").document
    assert tried["r2"] == pytest.approx(float(model["r2"]), abs=0.0005)
    together = fit("--json", name="satu", lines=lines, effective=date(2025, 1, 1), until=date(2025, 6, 1))
    assert together.document["r2"] < said.document["r2"] - 0.1


def test_a_section_too_small_to_fit_and_an_unknown_one_are_refused(fit: Any) -> None:
    few = [[*line[:3], "2" if place < 5 else "1", line[4]] for place, line in enumerate(rows())]
    parts = sections_of(("3571010",), ("3571020",))
    said = fit(lines=few, section="w", sections=parts)
    assert said.code == 1
    assert "E_MODEL_FIT" in said.all
    assert "bagian_2" in said.all
    unknown = fit(lines=[[*line[:3], "3", line[4]] for line in rows()], section="w", sections=parts)
    assert "E_SURVEY_SECTION" in unknown.all


def test_the_same_command_writes_the_same_bytes(fit: Any, tmp_path: Path) -> None:
    written = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        assert fit("--out", tmp_path / folder).code == 0
        written.append([(tmp_path / folder / f"kota.{end}").read_bytes() for end in ("yaml", "md")])
    assert written[0] == written[1]


def test_a_feature_of_chance_is_left_out_where_stability_is_asked_for(fit: Any, home: Path) -> None:
    chance = np.random.default_rng(2).integers(0, 2, 300)
    lines = [[*line[:4], str(luck)] for line, luck in zip(rows(), chance, strict=True)]
    features = facts_of_map()["features"]
    lucky = features[1] | {"name": "owns_ac", "columns": ["keluarga.aset_bergerak_ac"], "survey_variable": "note"}
    assert fit("--stability", "1", lines=lines, features=[*features, lucky]).code == 0
    model = yaml.safe_load((home / "models" / "kota.yaml").read_text(encoding="utf-8"))
    assert [feature["name"] for feature in model["features"]] == ["household_size", "owns_refrigerator"]
    assert "fewer than 100%" in (home / "models" / "kota.md").read_text(encoding="utf-8")


def test_households_with_a_blank_are_left_out_and_counted(fit: Any) -> None:
    lines = rows()
    lines[3][1], lines[7][2] = "", "NA"
    done = fit("--json", lines=lines).document
    assert (done["households"], done["left_out"]) == (298, 2)


@pytest.mark.parametrize(
    ("place", "cell", "code"),
    [
        ((4, 1), MARK + "x", "E_SURVEY_VALUE"),
        ((4, 0), "0", "E_SURVEY_VALUE"),
        ((4, 3), "-" + MARK, "E_SURVEY_VALUE"),
        ((4, 1), "inf", "E_SURVEY_VALUE"),
        ((4, 1), "2.5", "E_SURVEY_WHOLE"),
    ],
)
def test_a_value_that_is_no_answer_refuses_the_survey(fit: Any, place: tuple[int, int], cell: str, code: str) -> None:
    lines = rows()
    lines[place[0]][place[1]] = cell
    said = fit("--json", lines=lines, weight="w")
    error = said.document["error"]
    assert (said.code, error["code"]) == (1, code)
    assert error["column"] in {"spend", "people", "w"}
    assert error["line"] == (6 if code == "E_SURVEY_VALUE" else None)
    assert MARK not in said.all


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"welfare": "income"}, "E_SURVEY_COLUMN"),
        ({"unit": "rumah"}, "E_MODEL_FILE"),
        ({"features": []}, "E_MODEL_FILE"),
    ],
)
def test_a_map_that_does_not_fit_is_refused(fit: Any, home: Path, changes: dict[str, Any], code: str) -> None:
    said = fit("--json", **changes)
    assert (said.code, said.document["error"]["code"]) == (1, code)
    assert not (home / "models").exists()


@pytest.mark.parametrize(
    ("feature", "code"),
    [({"name": "owns_horse"}, "E_MODEL_FEATURE"), ({"columns": ["keluarga.pbi_nas"]}, "E_MODEL_RECEIPT")],
)
def test_a_map_with_a_wrong_feature_is_refused(fit: Any, feature: dict[str, Any], code: str) -> None:
    features = facts_of_map()["features"]
    said = fit("--json", features=[features[0] | feature, features[1]])
    assert (said.code, said.document["error"]["code"]) == (1, code)


def test_what_the_survey_does_not_determine_is_not_fitted(fit: Any) -> None:
    lines = [[*line[:2], "1", *line[3:]] for line in rows()]
    assert fit("--json", lines=lines).document["error"]["code"] == "E_MODEL_FIT"
    assert fit("--json", lines=rows(19)).document["error"]["code"] == "E_MODEL_FIT"


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe", b"spend,people,fridge\n1,2\n", b"spend,people,fridge\n,,\n", b'spend,people,fridge\n"1'],
)
def test_what_is_no_table_is_refused(dtsen: Dtsen, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "survey.csv"
    path.write_bytes(content)
    planned = wrote_map(tmp_path / "map.yaml")
    said = dtsen("model", "fit", "--survey", path, "--map", planned, "--name", "kota", "--json")
    assert (said.code, said.document["error"]["code"]) == (1, "E_SURVEY_FILE")


def test_a_survey_that_is_not_there_is_missing(dtsen: Dtsen, tmp_path: Path) -> None:
    said = dtsen("model", "score", "--model", "demo_alatas_2008", "--survey", tmp_path / "none.csv", "--json")
    assert (said.code, said.document["error"]["code"]) == (1, "E_MISSING")


def test_a_model_is_never_written_over_and_never_doubled(fit: Any) -> None:
    assert fit().code == 0
    assert fit("--json").document["error"]["code"] == "E_MODEL_EXISTS"
    assert fit("--json", name="demo_alatas_2008").document["error"]["code"] == "E_MODEL_EXISTS"
    assert fit("--json", name="baru").document["error"]["code"] == "E_MODEL_OVERLAP"
    assert fit(name="lama", effective=date(2025, 1, 1), until=date(2025, 12, 31)).code == 0
    assert fit(name="../x").code == 2


def test_a_folder_that_cannot_be_written_is_told(fit: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(_path: Path, _content: bytes) -> None:
        raise PermissionError

    monkeypatch.setattr("dtsen_pipeline.resources.models.write_private", closed)
    assert fit("--out", tmp_path, "--json").document["error"]["code"] == "E_MODEL_WRITE"


def test_models_are_listed_and_one_is_read(fit: Any, dtsen: Dtsen) -> None:
    fit()
    assert [model["id"] for model in dtsen("model", "show", "--json").document["models"]] == ["kota", *welfare_models()]
    shown = dtsen("model", "show", "kota")
    assert shown.code == 0
    assert "owns_refrigerator" in shown.out
    assert dtsen("model", "show", "kota", "--json").document["id"] == "kota"
    assert "demo_alatas_2008" in dtsen("model", "show").out


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("coefficient_micro: ", "coefficient_micro: 1", "E_MODEL_HASH"),
        ("coefficient_micro: ", "bobot: ", "E_MODEL_FILE"),
    ],
)
def test_a_changed_model_gives_no_score(
    fit: Any, dtsen: Dtsen, home: Path, tmp_path: Path, old: str, new: str, code: str
) -> None:
    fit()
    path = home / "models" / "kota.yaml"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 2
    path.write_text(text.replace(old + "-", old).replace(old, new), encoding="utf-8")
    said = dtsen("model", "score", "--model", "kota", "--survey", tmp_path / "survey.csv", "--json")
    assert (said.code, said.document["error"]["code"]) == (1, code)
    assert dtsen("model", "show", "--json").document["error"]["code"] == code


def test_a_model_of_another_name_is_unknown(dtsen: Dtsen) -> None:
    said = dtsen("model", "show", "../kota", "--json")
    assert (said.code, said.document["error"]["code"]) == (1, "E_MODEL_UNKNOWN")


def test_a_model_is_rehearsed_then_approved(dtsen: Dtsen, world: World) -> None:
    give_model(world.settings.home)
    early = dtsen("model", "approve", "kota", "--reason", "baik", "--json")
    assert (early.code, early.document["error"]["code"]) == (1, "E_MODEL_REHEARSAL")
    assert dtsen("model", "approve", "kota").code == 2
    told = dtsen("model", "rehearse", "kota", "--release", world.release_id)
    assert told.code == 0, told.all
    assert "dtsen model approve kota" in told.out
    assert "kelompok terlalu kecil" in told.out
    done = dtsen("model", "approve", "kota", "--reason", "baik", "--json").document
    listed = {one["id"]: one for one in dtsen("model", "show", "--json").document["models"]}
    assert [name for name, one in listed.items() if one["is_current"]] == ["kota"]
    assert listed["kota"]["sha256"] == done["sha256"]
    give_model(world.settings.home, intercept_micro=1)
    assert not any(one["is_current"] for one in dtsen("model", "show", "--json").document["models"])


def test_a_model_of_another_city_is_not_rehearsed(dtsen: Dtsen, world: World) -> None:
    give_model(world.settings.home, regions=["3301"])
    said = dtsen("model", "rehearse", "kota", "--json")
    assert (said.code, said.document["error"]["code"]) == (1, "E_MODEL_REGION")
    assert dtsen("model", "rehearse", "tidak_ada", "--json").document["error"]["code"] == "E_MODEL_UNKNOWN"


def test_an_imitation_is_a_function_of_the_snapshot_and_says_what_it_is(
    dtsen: Dtsen, world: World, tmp_path: Path
) -> None:
    said = dtsen("model", "fit", "--kind", "imitation", "--name", "tiruan", "--json")
    assert said.code == 0, said.all
    assert 0.1 < said.document["exact"]["value"] < said.document["within_one"]["value"] < 1
    assert dtsen("model", "fit", "--kind", "imitation", "--name", "tiruan").code == 1
    path = world.settings.home / "models" / "tiruan.yaml"
    model = yaml.safe_load(path.read_text(encoding="utf-8"))
    with opened(world.settings) as platform:
        listed = {source["sha256"][:12] for source in view(platform).sources if source["version"] == "v4_2026"}
        word = Word("typing errors", "head", NOW)
        for file in platform.registry.files(verdict="accepted"):
            if file.kind == "field":
                refuse(platform, file.token, word)
    assert model["n"] == said.document["families"]
    assert model["agreement"]["snapshot"] == said.document["snapshot"] == "v4_2026"
    assert set(model["agreement"]["files"]) == listed
    words = dtsen("model", "fit", "--kind", "imitation", "--name", "tiruan", "--out", tmp_path)
    assert "bukan ukuran kesejahteraan" in words.out
    for end in ("yaml", "md"):
        assert (tmp_path / f"tiruan.{end}").read_bytes() == path.with_suffix(f".{end}").read_bytes()
    assert "bukan ukuran kesejahteraan" in dtsen("model", "show", "tiruan").out


@needs_java
@pytest.mark.sweep
def test_an_imitation_on_spark_is_the_same_file(
    dtsen: Dtsen, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("polars", "spark"):
        monkeypatch.setenv("DTSEN_ENGINE", name)
        (tmp_path / name).mkdir()
        said = dtsen("model", "fit", "--kind", "imitation", "--name", "tiruan", "--out", tmp_path / name)
        assert said.code == 0, said.all
    one, other = ((tmp_path / name / "tiruan.yaml").read_bytes() for name in ("polars", "spark"))
    assert one == other
    assert not (world.settings.home / "models").exists()


@pytest.mark.parametrize(
    "arguments", [("--kind", "imitation", "--map", "alatas_2008"), ("--kind", "survey", "--map", "alatas_2008"), ()]
)
def test_a_fit_takes_what_its_kind_needs(dtsen: Dtsen, arguments: tuple[str, ...]) -> None:
    assert dtsen("model", "fit", "--name", "kota", *arguments).code == 2


def test_nothing_is_imitated_without_a_snapshot(dtsen: Dtsen, home: Path) -> None:
    said = dtsen("model", "fit", "--kind", "imitation", "--name", "tiruan", "--json")
    assert (said.code, said.document["error"]["code"]) == (1, "E_NO_SNAPSHOT")
    assert not (home / "models").exists()
