"""Which welfare model is in force: the one that a person approved last, else the one that ships.

A model becomes current by a recorded approval alone, after a rehearsal on the current release. What a rehearsal says
is computed in `queries/rehearse.py`; where models lie is `models`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from dtsen_pipeline.core.inputs import InputList
from dtsen_pipeline.reference import WelfareModel
from dtsen_pipeline.resources.decide import Word
from dtsen_pipeline.resources.models import check_in_force, exact, load, model_of
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.resources.registry import Registry
from dtsen_pipeline.resources.registry.decisions import decide, digest
from dtsen_pipeline.resources.registry.models import Decision
from dtsen_pipeline.resources.settings import ZONE
from dtsen_pipeline.schemas.errors import DtsenError

SHIPPED = "demo_alatas_2008"
"""The model of a city that has approved none."""
REHEARSED = "model.rehearsed"


def approval(registry: Registry, until: datetime | None = None) -> Decision | None:
    """The last approval of a model, of those made before `until`."""
    made = registry.decisions("approve_model")
    counted = [decision for decision in made if until is None or decision.at < until]
    return counted[-1] if counted else None


def in_force(platform: Platform, day: date, until: datetime | None = None) -> tuple[WelfareModel, Decision | None]:
    """The model that scores families on a day, and the approval before `until` that put it in force.

    Raises E_MODEL_UNKNOWN or E_MODEL_HASH where the approved file is gone or changed, E_MODEL_REGION or
    E_MODEL_PERIOD where the model does not serve the city on that day: nothing else takes its place.
    """
    approved = approval(platform.registry, until)
    model = approved_model(approved, platform.settings.home)
    check_in_force(model, platform.settings.city, day)
    return model, approved


def approved_model(approved: Decision | None, home: Path) -> WelfareModel:
    """The model of an approval, else the one that ships; faults as `models.exact`."""
    name, sha256 = (approved.subject, str(approved.payload["sha256"])) if approved else (SHIPPED, "")
    return exact(name, sha256, home)


def approve(platform: Platform, name: str, word: Word) -> tuple[WelfareModel, Decision]:
    """Put a model in force from now on; E_MODEL_REHEARSAL where it was not rehearsed on the current release.

    Further faults as `models.load` and `models.check_in_force`. An older model comes back in the same way.
    """
    model = load(name, platform.settings.home)
    check_in_force(model, platform.settings.city, word.now.astimezone(ZONE).date())
    with platform.registry.together():
        payload = {"sha256": model.sha256, **_rehearsal(platform, model)}
        with platform.registry.write() as session:
            return model, decide(session, "approve_model", name, word.reason, word.actor, word.now, payload)


@dataclass(frozen=True)
class Rehearsal:
    """That a model was tried on a release; `report` is the digest of what the rehearsal said."""

    model: str
    sha256: str
    release_id: str
    report: str


def record_rehearsal(platform: Platform, rehearsal: Rehearsal, now: datetime) -> None:
    """Keep a rehearsal in the chain of events, where an approval looks for it."""
    platform.registry.append_event(REHEARSED, vars(rehearsal), now)


def _rehearsal(platform: Platform, model: WelfareModel) -> Mapping[str, str]:
    """The last rehearsal of this very model on the current release; nothing where nothing is published yet."""
    current = platform.registry.current()
    if current is None:
        return {}
    for event in reversed(platform.registry.events(REHEARSED)):
        if (event.payload["sha256"], event.payload["release_id"]) == (model.sha256, current.release_id):
            return {"release_id": current.release_id, "report": str(event.payload["report"])}
    raise DtsenError("E_MODEL_REHEARSAL", f"run dtsen model rehearse {model.id} first")


def model_facts(platform: Platform, inputs: InputList) -> dict[str, Any]:
    """What a manifest says of the model of an input list and of its approval."""
    model = model_of(inputs, platform.settings.home)
    told = [one for one in platform.registry.decisions("approve_model") if digest(one) in inputs.decisions]
    facts = {name: getattr(model, name) for name in ("id", "status", "kind", "title", "r2", "n", "sha256")}
    return facts | {"approval": _told(told[-1]) if told else None}


def _told(decision: Decision) -> dict[str, Any]:
    """An approval without the person's words, which its digest covers."""
    return {
        "digest": digest(decision),
        "by": decision.actor,
        "at": decision.at.isoformat(),
        "rehearsed_on": decision.payload.get("release_id"),
        "report": decision.payload.get("report"),
    }
