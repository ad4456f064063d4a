"""Why questions, exports and models are turned away."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

import polars as pl

from dtsen_pipeline.queries.load import load_release
from dtsen_pipeline.queries.reading import View, view
from dtsen_pipeline.reference import programmes, welfare_model
from dtsen_pipeline.resources.models import check_in_force
from dtsen_pipeline.resources.platform import opened
from dtsen_pipeline.resources.registry import Registry
from dtsen_pipeline.schemas import programmes as schema
from tests.modelled import sectioned
from tests.surveys import facts_of_map, rows, sections_of, wrote_map, wrote_survey
from tests.triggers.place import Place, Trigger

CARD, MODEL = "nomor_kartu_keluarga", welfare_model("demo_alatas_2008")


def asked(*arguments: object, given: str = "") -> Trigger:
    """A command in a home with a release."""

    def trigger(place: Place) -> str | None:
        assert place.world
        return place.said(*arguments, given=given)

    return trigger


def release_of(place: Place) -> View:
    with opened(place.world.settings) as platform:
        return view(platform)


def first_family(place: Place, *conditions: pl.Expr) -> dict[str, Any]:
    return release_of(place).rows("keluarga", *conditions)[0]


def token_of(place: Place, table: str) -> str:
    with opened(place.world.settings) as platform:
        return platform.registry.files(table_name=table)[0].token


def failing(place: Place) -> str | None:
    def fail(*_: object) -> None:
        raise ValueError

    assert place.world
    place.patch.setattr(Registry, "releases", fail)
    return place.said("releases")


def export_again(place: Place) -> str | None:
    taken = place.file("list.xlsx", b"x")
    assert place.world
    return place.said("queue", "--capacity", 2, "--export", taken, "--purpose", "verifikasi")


def page_nowhere(place: Place) -> str | None:
    return place.said("passport", token_of(place, "keluarga"), "--html", place.folder / "none" / "p.html")


def several(place: Place) -> str | None:
    numbers = [str(row[CARD]) for row in release_of(place).rows("keluarga")[:2]]
    return place.said("trace", "--stdin", "--purpose", "audit", given="\n".join(numbers))


def other_model(place: Place) -> str | None:
    changed = replace(MODEL, intercept_micro=MODEL.intercept_micro + 1)
    place.patch.setattr(View, "model", changed)
    return place.said("explain", "--family", first_family(place, pl.col("is_lengkap"))["family_id"])


def no_column(place: Place) -> str | None:
    return place.said("trace", "--family", first_family(place)["family_id"], "--field", "tinggi")


def bad_rule(place: Place) -> str | None:
    programme = programmes()["pkh"]
    reading = programme.readings[0]
    wrong = replace(reading, rules=(replace(reading.rules[0], column="luas_lantai"), *reading.rules[1:]))
    changed = {"pkh": replace(programme, readings=(wrong, *programme.readings[1:]))}
    place.patch.setattr(schema, "programmes", lambda: changed)
    schema.checked_programmes()
    return None


def of_kind(place: Place) -> str | None:
    assert place.home
    found: dict[str, Any] = place.document("ingest", place.city / "snapshot_1", "--kind", "field")
    return str(found["files"][0]["code"])


def overwritten(place: Place) -> str | None:
    next((release_of(place).directory / "keluarga").glob("*.parquet")).write_bytes(b"PAR1")
    return place.said("find", "--kelurahan", "Bandar Lor", "--purpose", "audit")


def no_table(place: Place) -> str | None:
    load_release("analysis", tables=["desa"], settings=place.world.settings)
    return None


def fitted(
    place: Place, *arguments: object, name: str = "kota", lines: list[list[str]] | None = None, **changes: Any
) -> str | None:
    """A fit on a made-up survey; the code of what it was refused with."""
    assert place.home
    survey = wrote_survey(place.folder / "survey.csv", rows() if lines is None else lines)
    planned = wrote_map(place.folder / "map.yaml", **changes)
    given = ("model", "fit", "--survey", survey, "--map", planned, "--name", name, "--repeats", "2", *arguments)
    found: dict[str, Any] = place.document(*given)
    return str(found["error"]["code"]) if "error" in found else None


def with_feature(place: Place, **feature: Any) -> str | None:
    features = facts_of_map()["features"]
    return fitted(place, features=[features[0] | feature, features[1]])


def with_cell(place: Place, column: int, cell: str) -> str | None:
    lines = rows()
    lines[4][column] = cell
    return fitted(place, lines=lines)


def fitted_twice(place: Place, name: str) -> str | None:
    assert fitted(place) is None
    return fitted(place, name=name)


def by_hand(place: Place) -> str | None:
    assert fitted(place) is None
    path = place.home / "models" / "kota.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("intercept_micro: ", "intercept_micro: 1", 1), encoding="utf-8")
    return place.said("model", "show")


def closed(place: Place) -> str | None:
    def deny(*_: object) -> None:
        raise PermissionError

    place.patch.setattr("dtsen_pipeline.resources.models.write_private", deny)
    return fitted(place, "--out", place.folder)


def no_survey(place: Place) -> str | None:
    assert place.home
    path, planned = place.file("survey.csv"), wrote_map(place.folder / "map.yaml")
    return place.said("model", "fit", "--survey", path, "--map", planned, "--name", "kota")


TRIGGERS: Mapping[str, Trigger] = {
    "E_USAGE": lambda place: place.home and place.said("releases", "--tinggi"),
    "E_UNEXPECTED": failing,
    "E_BATCH_UNKNOWN": asked("receipt", "none"),
    "E_EXPORT": export_again,
    "E_NUMBER_ARGUMENT": asked("explain", "--family", "3571019901999998"),
    "E_NUMBER_INPUT": asked("trace", "--stdin", "--purpose", "audit"),
    "E_PASSPORT": lambda place: place.said("passport", token_of(place, "kunjungan")),
    "E_HTML": page_nowhere,
    "E_ENTITY_UNKNOWN": asked("explain", "--family", "0" * 32),
    "E_ENTITY_SEVERAL": several,
    "E_SCORE_DIFFERS": other_model,
    "E_COLUMN_UNKNOWN": no_column,
    "E_VILLAGE_UNKNOWN": asked("find", "--kelurahan", "Atlantis", "--purpose", "audit"),
    "E_PROGRAMME_UNKNOWN": asked("programmes", "--programme", "bansos_lain"),
    "E_PROGRAMME_RULE": bad_rule,
    "E_KIND": of_kind,
    "E_NO_RELEASE": lambda place: place.home and place.said("show"),
    "E_RELEASE_DAMAGED": overwritten,
    "E_TABLE_UNKNOWN": no_table,
    "E_MODEL_UNKNOWN": lambda place: place.home and place.said("model", "show", "tidak_ada"),
    "E_MODEL_FILE": partial(fitted, unit="rumah"),
    "E_MODEL_HASH": by_hand,
    "E_MODEL_FEATURE": partial(with_feature, name="owns_horse"),
    "E_MODEL_RECEIPT": partial(with_feature, columns=["keluarga.pbi_nas"]),
    "E_MODEL_REGION": lambda _: check_in_force(replace(MODEL, regions=("35",)), "3301", date(2026, 2, 1)),
    "E_MODEL_SECTION": lambda _: check_in_force(sectioned(("3571010",), ("3571020",)), "3571", date(2026, 2, 1)),
    "E_MODEL_PERIOD": lambda _: check_in_force(MODEL, "3571", date(1900, 1, 1)),
    "E_MODEL_OVERLAP": partial(fitted_twice, name="baru"),
    "E_MODEL_EXISTS": partial(fitted_twice, name="kota"),
    "E_MODEL_WRITE": closed,
    "E_MODEL_FIT": lambda place: fitted(place, lines=[[*line[:2], "1", *line[3:]] for line in rows()]),
    "E_SURVEY_FILE": no_survey,
    "E_SURVEY_COLUMN": partial(fitted, welfare="income"),
    "E_SURVEY_VALUE": partial(with_cell, column=0, cell="0"),
    "E_SURVEY_SECTION": partial(fitted, section="w", sections=sections_of(("3571010",), ("3571020", "3571030"))),
    "E_SURVEY_WHOLE": partial(with_cell, column=1, cell="2.5"),
}
