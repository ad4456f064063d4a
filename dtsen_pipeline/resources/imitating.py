"""Fits an imitation of the ministry's rule on the city's base snapshot, and keeps it: a model file, its card beside it.

How it is fitted and judged is `core/imitation.py`; where models lie is `models`.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from dtsen_pipeline.core.flow import prepared
from dtsen_pipeline.core.imitation import Imitated, ImitationPlan, imitate, model_facts
from dtsen_pipeline.core.imitation_card import imitation_card
from dtsen_pipeline.reference.models import written
from dtsen_pipeline.resources import models
from dtsen_pipeline.resources.approving import SHIPPED
from dtsen_pipeline.resources.engines import open_engine
from dtsen_pipeline.resources.freeze import snapshot_inputs
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.resources.readings import received
from dtsen_pipeline.schemas.errors import DtsenError


@dataclass(frozen=True)
class Imitation:
    """An imitation that was fitted on a snapshot and kept at `path`."""

    path: Path
    snapshot: str
    done: Imitated


def fit_imitation(platform: Platform, name: str, plan: ImitationPlan, as_of: date, out: Path | None) -> Imitation:
    """Fit on the base snapshot of a day into the home, or into the folder `out`; nothing that exists is written over.

    Visits and corrections take no part, and the key none either: the file is a function of the snapshot's files.
    E_MODEL_FIT where that snapshot brings no official decile (SIKS-NG does not).
    """
    if out is None:
        models.check_name(name, platform.settings.home)
    inputs = snapshot_inputs(platform, as_of, SHIPPED)
    if inputs.official_version is None:
        problem = f"the source of the base snapshot ({inputs.base_version}) sends no official desil to imitate"
        raise DtsenError("E_MODEL_FIT", problem)
    settings, key = platform.settings, platform.key.secret
    scratch = platform.home.work / "imitation"
    engine = open_engine(settings.engine, scratch, memory_mb=settings.memory_mb, spark_master=settings.spark_master)
    try:
        found = prepared(received(platform, inputs, engine), inputs, engine, key)
        labelled = engine.fetch(found.ministry_inputs(inputs, engine, key))
    finally:
        engine.close()
    done = imitate(labelled, plan)
    about = {
        "city": inputs.city,
        "snapshot": inputs.base_version,
        "day": inputs.base_date,
        "files": [source.token for source in inputs.sources],
    }
    text = written(model_facts(name, done, models.load(SHIPPED, None), about))
    path = models.store(name, text, settings.home) if out is None else models.write_new(out / f"{name}.yaml", text)
    command = f"dtsen model fit --kind imitation --name {name} --seed {plan.seed}"
    models.write_new(path.with_suffix(".md"), imitation_card(done, name, command, about))
    return Imitation(path, inputs.base_version, done)
