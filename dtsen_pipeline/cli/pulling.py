"""`dtsen pull`: approved submissions from ODK Central and KoboToolbox, and how many still wait for approval."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dtsen_pipeline.cli import house
from dtsen_pipeline.cli.output import NO, USAGE_CODES, document, error_facts, plain, say, table
from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.reasons import REASONS

if TYPE_CHECKING:
    from dtsen_pipeline.resources.platform import Platform
    from dtsen_pipeline.resources.pull.sources import Source

STATES = {
    "received": "belum dinilai",
    "edited": "disunting, belum dinilai lagi",
    "hasIssues": "bermasalah",
    "rejected": "ditolak",
    "on_hold": "ditunda",
    "not_approved": "tidak disetujui",
}
VERDICTS = {"accepted": "diterima", "held": "ditahan", "refused": "ditolak", "waiting": "menunggu"}


def pull(
    source: Annotated[
        str | None, typer.Option(metavar="NAMA", help="Satu sumber saja (bawaan: semua). / One source only.")
    ] = None,
    *,
    as_json: house.JSON = False,
) -> None:
    """Tarik kiriman yang disetujui dari server formulir. / Pull approved submissions from form servers."""
    from dtsen_pipeline.resources.pull.sources import chosen  # noqa: PLC0415 - imports Polars

    if house.has_number(source or ""):
        raise house.number_refused()
    with house.house() as platform:
        done = [_pulled(platform, found) for found in chosen(platform.settings, source)]
    if as_json:
        document({"sources": done})
    else:
        _report(done)
    if any(_is_bad(one) for one in done):
        raise typer.Exit(NO)


def _pulled(platform: "Platform", source: "Source") -> dict[str, Any]:
    """What became of one source; a failure does not keep the others waiting, wrong settings do."""
    from dtsen_pipeline.resources.pull import pull as pull_from  # noqa: PLC0415 - imports Polars

    try:
        return {"error": None, **plain(pull_from(platform, source, house.now()))}
    except DtsenError as error:
        if error.code in USAGE_CODES:
            raise
        return {"source": source.name, "error": error_facts(error)}


def _is_bad(one: Mapping[str, Any]) -> bool:
    return one["error"] is not None or (one["arrival"] is not None and one["arrival"]["verdict"] == "refused")


def _report(done: list[dict[str, Any]]) -> None:
    table(
        ("Sumber", "Disetujui", "Sudah ada", "Baru", "Disunting", "Menunggu", "Berkas", "Putusan", "Kode"),
        (_row(one) for one in done),
        numbers=(1, 2, 3, 4, 5),
    )
    for line in (line for one in done for line in _remarks(one)):
        say(line)
    if any(one["error"] is None and one["arrival"] and one["arrival"]["verdict"] == "accepted" for one in done):
        say("", "Berikutnya: dtsen refresh")


def _row(one: Mapping[str, Any]) -> list[object]:
    if one["error"] is not None:
        return [one["source"], *[None] * 7, one["error"]["code"]]
    arrival = one["arrival"] or {"token": None, "verdict": None, "code": None}
    counts = [one[name] for name in ("approved", "known", "new", "edited")]
    verdict = VERDICTS.get(arrival["verdict"])
    return [one["source"], *counts, sum(one["waiting"].values()), arrival["token"], verdict, arrival["code"]]


def _remarks(one: Mapping[str, Any]) -> Iterator[str]:
    if one["error"] is None:
        waiting = [f"{count} {STATES[state]}" for state, count in one["waiting"].items() if count]
        yield from [f"{one['source']}: menunggu persetujuan / waiting: {', '.join(waiting)}"] if waiting else []
    for code, detail in _problems(one):
        reason = REASONS[code]
        yield f"{one['source']}: {code}: {reason.id} / {reason.en}" + (f" ({detail})" if detail else "")
        yield f"  Yang perlu dilakukan: {reason.advice_id}"


def _problems(one: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    if one["error"] is not None:
        yield one["error"]["code"], one["error"]["detail"]
        return
    if one["arrival"] and one["arrival"]["code"]:
        yield one["arrival"]["code"], one["arrival"]["message"]


COMMANDS: Mapping[str, Callable[..., None]] = {"pull": pull}
