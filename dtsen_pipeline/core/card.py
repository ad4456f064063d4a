"""The words of a model card, as Markdown: what was fitted, how well it does on the unseen, and its numbers."""

from dtsen_pipeline.core.fitting import HALVES, Fitted, Interval
from dtsen_pipeline.core.judging import Judged, Part, Plan
from dtsen_pipeline.reference import SurveyMap
from dtsen_pipeline.reference.probability import HUNDRED, Band


def card(planned: SurveyMap, judged: Judged, name: str, command: str) -> str:
    """The model card as Markdown: what was fitted, how well it does on households it has not seen, and its numbers."""
    return "\n\n".join([*_about(planned, judged, name, command), *_tables(planned, judged)]) + "\n"


def _selection(plan: Plan) -> str:
    if plan.stability <= 0:
        return "No feature was selected or left out by the data: the survey map names them all."
    return (
        f"Features whose sign held in fewer than {plan.stability:.0%} of {HALVES} fits on random halves were left out, "
        "inside every fold too, so that the selection is judged with the fit."
    )


def _about(planned: SurveyMap, judged: Judged, name: str, command: str) -> list[str]:
    plan = judged.plan
    weighted = "" if planned.weight else ", all of weight 1"
    method = (
        f"Weighted least squares with robust (HC1) standard errors on {judged.households} households{weighted}. "
        f"Outcome: {planned.outcome}. R2 {judged.fitted_r2:.4f}, residual spread {judged.residual_sd:.4f} log units. "
    )
    quality = (
        f"{plan.repeats} times {plan.folds}-fold cross-validation, seed {plan.seed}. R2 {judged.r2:.3f}, Spearman "
        f"{judged.spearman:.3f}. Exclusion: the share of the poorest that a list of the same length leaves out; "
        "inclusion: the share of that list that does not belong there. In brackets 95% of "
        f"{plan.draws} bootstrap draws of households."
    )
    return [
        f"# Kartu model / model card: `{name}`",
        f"{planned.title}. Written by `dtsen model fit`; do not edit.",
        f"    {command}",
        planned.source,
        method + _selection(plan),
        "## Rumah tangga yang belum dilihat / households not seen",
        quality,
    ]


def _tables(planned: SurveyMap, judged: Judged) -> list[str]:
    subgroups = [[f"`{name}`", _span(yes), _span(no)] for name, (yes, no) in judged.subgroups.items()]
    dropped = [[item.survey_variable, item.reason] for item in planned.dropped]
    return [
        _errors(judged),
        *_compared(planned, judged),
        "## Kalibrasi / calibration",
        _calibrated(judged),
        *_probability(judged),
        "## Selisih per kelompok / residuals by subgroup",
        "Mean of true minus predicted, in log units. Above 0: predicted poorer than true.",
        _table(("feature", "where 1", "where 0"), subgroups),
        "## Koefisien / coefficients",
        "`held`: how often the sign held in fits on random halves of the households.",
        *(block for part in judged.parts for block in _part(planned, part)),
        "## Ditinggalkan / left out",
        _table(("survey variable", "reason"), dropped),
    ]


def _errors(judged: Judged) -> str:
    rows = [[f"{error.percent}%", _span(error.exclusion), _span(error.inclusion)] for error in judged.errors]
    return _table(("poorest", "exclusion error", "inclusion error"), rows)


def _compared(planned: SurveyMap, judged: Judged) -> list[str]:
    if not judged.excess:
        return []
    said = (
        f"Exclusion error minus that of ordinary least squares on {len(planned.baseline)} columns of the survey, the "
        "same folds and the same households in each draw (above 0: ours is worse):"
    )
    rows = [[f"{percent}%", _span(gap, "+.3f")] for percent, gap in judged.excess.items()]
    return [said, _table(("poorest", "difference"), rows)]


def _calibrated(judged: Judged) -> str:
    rows = [
        [str(tenth), f"{said:.3f}", f"{true:.3f}", _bar(true, judged.calibration)]
        for tenth, (said, true) in enumerate(judged.calibration, start=1)
    ]
    return _table(("tenth by prediction", "predicted", "true", "plot of true"), rows)


def _probability(judged: Judged) -> list[str]:
    """How well P(desil = k) holds on households not seen, and what it is about."""
    stated = judged.probability
    summary = [[f"`{one.event}`", one.brier, one.blind, one.calibration_error] for one in stated.tables]
    said = (
        "The chance that a household's welfare, by the measure of this survey, lies in decile k, given the model. It "
        "is an estimate and not the official desil. Welfare is the score plus one of a hundred out-of-fold residuals; "
        "the deciles are those of this mixture over all households. Judged by nested cross-validation: neither the "
        "fit nor the residuals nor the deciles by which a household is judged have seen it. Brier: the mean squared "
        "distance from what was true (blind: of who gives everybody the same shares). Calibration error: the mean "
        "distance of the two shares over the bands. Intervals are Wilson's, a household's answers taken together."
    )
    blocks = ["## Peluang desil / P(desil = k)", said]
    blocks.append(_table(("answer", "Brier", "blind", "calibration error"), summary))
    for one in stated.tables:
        rows = [
            [f"{b.least}-{b.most}%", str(b.answers), *(_hundredths(n) for n in (b.predicted, b.observed)), _ends(b)]
            for b in one.bands
        ]
        head = (f"chance of `{one.event}`", "answers", "predicted", "observed", "95%")
        blocks.append(_table(head, rows))
    return blocks


def _hundredths(share: int) -> str:
    """Ten-thousandths as a percentage."""
    return f"{share / HUNDRED:.2f}%"


def _ends(band: Band) -> str:
    return f"{_hundredths(band.low)} to {_hundredths(band.high)}"


def _part(planned: SurveyMap, part: Part) -> list[str]:
    """The weights of a section, or of the whole model, and the levels of its places."""
    blocks = [_coefficients(planned, part), *_levels(part.fitted)]
    if part.name is None:
        return blocks
    regions = next(", ".join(one.regions) for one in planned.sections if one.name == part.name)
    numbers = f"R2 {part.fitted.r2:.4f}, residual spread {part.fitted.residual_sd:.4f} log units"
    about = f"Families whose region code begins with {regions}; fitted on {part.households} households: {numbers}."
    return [f"### Bagian / section: {part.name}", about, *blocks]


def _coefficients(planned: SurveyMap, part: Part) -> str:
    kept = [feature.name for feature, is_kept in zip(planned.features, part.kept, strict=True) if is_kept]
    held = ["", *(f"{share:.0%}" for share in part.stability[part.kept])]
    numbers = zip(("(intercept)", *kept), part.fitted.coefficients, part.fitted.errors, held, strict=True)
    rows = [[f"`{name}`", f"{value:.6f}", f"{error:.6f}", share] for name, value, error, share in numbers]
    return _table(("feature", "coefficient", "robust error", "held"), rows)


def _levels(fitted: Fitted) -> list[str]:
    if not fitted.levels:
        return []
    said = (
        "What a regency or city lies above the intercept with the same features, by BPS code, in log units; their mean "
        "over households is 0. Levels compare households of several places. In one city they are the same for all and "
        "move no decile, so the families of a city are scored without."
    )
    rows = [[f"{place:04d}", f"{level:.6f}"] for place, level in fitted.levels.items()]
    return ["## Tingkat menurut tempat / levels by place", said, _table(("place", "level"), rows)]


def _bar(value: float, calibrated: tuple[tuple[float, float], ...]) -> str:
    lowest, highest = min(true for _, true in calibrated), max(true for _, true in calibrated)
    return "#" * (1 + round(19 * (value - lowest) / (highest - lowest)) if highest > lowest else 1)


def _span(found: Interval, form: str = ".3f") -> str:
    return f"{found.value:{form}} ({found.low:{form}} to {found.high:{form}})"


def _table(head: tuple[str, ...], rows: list[list[str]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
