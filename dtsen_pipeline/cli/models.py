"""`dtsen model fit`, `score`, `show`: welfare models, fitted, tried on a survey, and read."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dtsen_pipeline.cli import house
from dtsen_pipeline.cli.output import count, document, heading, progress, say, table
from dtsen_pipeline.schemas.errors import DtsenError

if TYPE_CHECKING:
    from dtsen_pipeline.core.fitting import Error, Interval
    from dtsen_pipeline.core.judging import Plan
    from dtsen_pipeline.reference.probability import Band, Reliability

SURVEY_HELP = "Survei rumah tangga (CSV). / A household survey (CSV)."
Survey = Annotated[Path, typer.Option("--survey", metavar="BERKAS", help=SURVEY_HELP)]
Draws = Annotated[
    int, typer.Option(min=100, max=10_000, help="Undian bootstrap untuk selang. / Bootstrap draws for intervals.")
]
Seed = Annotated[int, typer.Option(min=0, help="Benih acak, ikut dicatat. / The random seed; it is recorded.")]
SEED, DRAWS = 2026, 500


class FitKind(StrEnum):
    """What a model is fitted on: a survey's welfare, or the official deciles of the city's own snapshot."""

    SURVEY = "survey"
    IMITATION = "imitation"


def fit(  # noqa: PLR0913 - a fit has as many choices
    name: Annotated[str, typer.Option(metavar="NAMA", help="Nama model baru. / The new model's name.")],
    kind: Annotated[
        FitKind,
        typer.Option(
            help="survey: kesejahteraan menurut survei; imitation: tiruan desil resmi pada potret kota. / Fitted on a "
            "survey, or an imitation of the official deciles of the city's base snapshot."
        ),
    ] = FitKind.SURVEY,
    survey: Annotated[Path | None, typer.Option(metavar="BERKAS", help=SURVEY_HELP)] = None,
    survey_map: Annotated[
        str | None,
        typer.Option(
            "--map", metavar="PETA", help="Nama atau berkas peta survei. / A survey map: its name, or a file."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Folder untuk model dan kartunya (bawaan: models di DTSEN_HOME). / Where model and card go.",
            file_okay=False,
            exists=True,
        ),
    ] = None,
    repeats: Annotated[int, typer.Option(min=1, max=200, help="Ulangan validasi silang. / Repeats.")] = 20,
    seed: Seed = SEED,
    stability: Annotated[
        float,
        typer.Option(
            min=0, max=1, help="Buang masukan yang tandanya kurang tetap dari ini. / Drop less stable features."
        ),
    ] = 0.0,
    *,
    as_json: house.JSON = False,
) -> None:
    """Cocokkan model pada survei atau potret. / Fit a model on a survey or the city's snapshot; write its card."""
    if kind is FitKind.IMITATION:
        if survey is not None or survey_map is not None:
            raise DtsenError("E_USAGE", "an imitation is fitted on the snapshot; it takes no survey and no map")
        _imitate(name, seed, out, as_json=as_json)
        return
    if survey is None or survey_map is None:
        raise DtsenError("E_USAGE", "a fit on a survey needs --survey and --map")
    from dtsen_pipeline.core.judging import Plan  # noqa: PLC0415 - imports NumPy

    _survey(name, survey, survey_map, Plan(repeats=repeats, seed=seed, stability=stability), out, as_json=as_json)


def _survey(name: str, survey: Path, survey_map: str, plan: "Plan", out: Path | None, *, as_json: bool) -> None:
    from dtsen_pipeline.resources.fitting import fit as fitted  # noqa: PLC0415 - imports NumPy

    done = fitted(survey, survey_map, name, plan, _home(), out)
    judged = done.judged
    facts = {
        "model": name,
        "households": judged.households,
        "left_out": done.left_out,
        "features": int(judged.kept.sum()),
        "seed": plan.seed,
        "r2": judged.r2,
        "spearman": judged.spearman,
        "errors": judged.errors,
        "excess": judged.excess,
        "probability": judged.probability.tables,
    }
    if as_json:
        document(facts)
        return
    say(f"Model {name}: {facts['features']} masukan / features; ditulis dengan kartunya / written with its card.")
    _say_quality(facts)


def _imitate(name: str, seed: int, out: Path | None, *, as_json: bool) -> None:
    from dtsen_pipeline.core.imitation import ImitationPlan, chances  # noqa: PLC0415 - imports NumPy
    from dtsen_pipeline.core.imitation_card import WARNING  # noqa: PLC0415
    from dtsen_pipeline.resources.imitating import fit_imitation  # noqa: PLC0415
    from dtsen_pipeline.resources.settings import ZONE  # noqa: PLC0415

    plan, day = ImitationPlan(seed=seed), house.now().astimezone(ZONE).date()
    with house.house() as platform, progress(None, "Mencocokkan"):
        found = fit_imitation(platform, name, plan, day, out)
    done = found.done
    measures = {"exact": done.exact, "within_one": done.within_one, "kendall": done.kendall}
    if as_json:
        facts: dict[str, Any] = {"model": name, "kind": FitKind.IMITATION.value, "snapshot": found.snapshot}
        facts |= {"families": done.families, "features": len(done.weights), "r2": done.r2, "seed": seed}
        document({**facts, **measures, "chances": chances(done.confusion)})
        return
    say(
        f"Model {name}: {len(done.weights)} masukan / features; ditulis dengan kartunya / written with its card.",
        f"Keluarga / families: {count(done.families)}, potret / snapshot {found.snapshot}.",
        "",
    )
    words = ("Desil sama / same decile", "Selisih paling banyak 1 / within one", "Kendall tau-b")
    table(("Pada yang belum dilihat / on the unseen", ""), zip(words, map(_span, measures.values()), strict=True))
    say("", WARNING.replace("**", ""))


def score(
    model: Annotated[str, typer.Option(metavar="NAMA", help="Nama model. / The model's name.")],
    survey: Survey,
    draws: Draws = DRAWS,
    seed: Seed = SEED,
    *,
    as_json: house.JSON = False,
) -> None:
    """Uji model pada survei rumah tangga. / Try a model on a household survey: its errors, with intervals."""
    from dtsen_pipeline.resources.fitting import try_model  # noqa: PLC0415 - imports NumPy
    from dtsen_pipeline.resources.models import load  # noqa: PLC0415

    tried = try_model(load(model, _home()), survey, draws, seed)
    if as_json:
        document(tried)
        return
    say(f"Model {tried.model}, survei {tried.survey[:12]}.")
    _say_quality(vars(tried))


def show(
    name: Annotated[str | None, typer.Argument(metavar="[NAMA]", help="Nama model. / A model's name.")] = None,
    *,
    as_json: house.JSON = False,
) -> None:
    """Daftar model, atau isi satu model. / The models, or one of them in full."""
    from dtsen_pipeline.resources.models import known, load  # noqa: PLC0415 - imports Polars

    home = _home()
    if name is None:
        _list([load(each, home) for each in known(home)], _current(), as_json=as_json)
        return
    model = load(name, home)
    if as_json:
        document(model)
        return
    _say_model(model)


def _home() -> Path:
    from dtsen_pipeline.resources.settings import load_settings  # noqa: PLC0415 - imports Pydantic

    return load_settings().home


def _current() -> tuple[str, str]:
    """The model that is in force by the last approval: its name, and its digest where it was approved."""
    from dtsen_pipeline.resources.approving import SHIPPED, approval  # noqa: PLC0415

    with house.house() as platform:
        found = approval(platform.registry)
    return (found.subject, str(found.payload["sha256"])) if found else (SHIPPED, "")


def _list(models: Sequence[Any], current: tuple[str, str], *, as_json: bool) -> None:
    names = ("id", "status", "kind", "scope", "effective", "n", "r2")
    is_current = {model.id: model.id == current[0] and current[1] in ("", model.sha256) for model in models}
    if as_json:
        keys = (*names, "title", "sha256")
        told = [{key: getattr(one, key) for key in keys} | {"is_current": is_current[one.id]} for one in models]
        document({"models": told})
        return
    head = ("Model", "Status", "Jenis", "Cakupan", "Sejak", "Keluarga", "R2", "Berlaku")
    rows = ([*(getattr(one, key) for key in names), "ya" if is_current[one.id] else ""] for one in models)
    table(head, rows, numbers=(5, 6))


def _say_model(model: Any) -> None:
    heading(f"{model.id} ({model.status}, {model.kind})")
    until = model.until.isoformat() if model.until else "seterusnya / no end"
    say(
        model.title,
        model.source,
        f"Hasil / outcome: {model.outcome}",
        f"Satuan / unit: {model.unit}; cakupan / scope: {model.scope}; berlaku / in force: {model.effective} - {until}",
        _numbers(model),
        *_agreed(model),
        f"sha256 {model.sha256}",
    )
    for part in model.parts:
        if part.part:
            heading(f"Bagian / section: {part.part}")
            say(f"Daerah / regions: {', '.join(part.regions)}", _numbers(part))
        say(f"Pangkal / intercept {count(part.intercept_micro)} per juta / millionths", "")
        rows = ([f.name, f.label_id, f.coefficient_micro, ", ".join(f.columns)] for f in part.features)
        table(("Masukan", "Arti", "Bobot (per juta)", "Kolom"), rows, numbers=(2,))
    if model.probability:
        _say_reliability(model.probability.tables)
    if model.levels:
        say("", "Tingkat menurut tempat, tidak dipakai dalam satu kota / levels by place, not used within one city:")
        table(("Kode / code", "Tingkat (per juta) / level"), model.levels.items(), numbers=(1,))


def _numbers(model: Any) -> str:
    return (
        f"n {count(model.n)}, R2 {model.r2}, sebaran sisa / residual spread {count(model.residual_sd_micro)} per juta"
    )


def _say_reliability(tables: "Sequence[Reliability]") -> None:
    """How well P(desil = k) holds, kind by kind."""
    say("", "Peluang desil pada rumah tangga yang belum dilihat / P(desil = k) on households not seen:")
    summary = [(one.event, one.brier, one.blind, one.calibration_error) for one in tables]
    table(("Jawaban / answer", "Brier", "Tanpa model / blind", "Galat kalibrasi / ECE"), summary, numbers=(1, 2, 3))
    for one in tables:
        say("", f"{one.event}: dikatakan dan terjadi / said and seen")
        rows = [
            (f"{b.least}-{b.most}%", count(b.answers), *(_percent(s) for s in (b.predicted, b.observed)), _between(b))
            for b in one.bands
        ]
        table(("Peluang / chance", "Jawaban", "Dikatakan / said", "Terjadi / seen", "Selang 95%"), rows, numbers=(1,))


def _between(band: "Band") -> str:
    return f"{_percent(band.low)} - {_percent(band.high)}"


def _percent(share: int) -> str:
    """Ten-thousandths as a percentage."""
    return f"{share // 100},{share % 100:02d}%"


def _agreed(model: Any) -> list[str]:
    """What an imitation says of itself."""
    if model.agreement is None:
        return []
    from dtsen_pipeline.core.imitation_card import WARNING  # noqa: PLC0415 - imports NumPy

    found = model.agreement
    figures = f"sama / exact {found.exact}, selisih 1 / within one {found.within_one}, Kendall {found.kendall}"
    return [f"Potret / snapshot {found.snapshot}; {found.folds} lipatan / folds: {figures}", WARNING.replace("**", "")]


def _say_quality(facts: Mapping[str, Any]) -> None:
    households, left_out = count(facts["households"]), count(facts["left_out"])
    say(
        f"Rumah tangga / households: {households}; tidak lengkap / left out: {left_out}.",
        f"R2 {facts['r2']:.4f}, Spearman {facts['spearman']:.4f}.",
        "",
    )
    errors: Sequence[Error] = facts["errors"]
    rows = ([f"{e.percent}%", _span(e.exclusion), _span(e.inclusion)] for e in errors)
    table(("Termiskin", "Tidak terjaring / exclusion error", "Salah terjaring / inclusion error"), rows)
    if facts.get("probability"):
        _say_reliability(facts["probability"])
    excess: Mapping[int, Interval] = facts.get("excess", {})
    if excess:
        say(
            "",
            "Selisih exclusion error dengan regresi pembanding (di atas 0: model ini lebih buruk) / against baseline:",
        )
        table(("Termiskin", "Selisih / difference"), ([f"{p}%", _span(gap)] for p, gap in excess.items()))


def _span(found: "Interval") -> str:
    return f"{found.value:.3f} ({found.low:.3f} - {found.high:.3f})"


COMMANDS: Mapping[str, Callable[..., None]] = {"fit": fit, "score": score, "show": show}
