"""Why a pull from a form server ends, and why what it or an export brings does not count yet."""

from collections.abc import Mapping

from dtsen_pipeline.reference import profiles
from dtsen_pipeline.resources.delivery import read_all
from dtsen_pipeline.resources.ingest import Arrival
from dtsen_pipeline.resources.platform import opened
from dtsen_pipeline.resources.pull import pull
from dtsen_pipeline.resources.pull.sources import chosen
from dtsen_pipeline.resources.settings import load_settings
from tests.resources.form_server import Fault, FormServer, odk, serving
from tests.resources.test_pull import NOW, QUICK, settings
from tests.resources.test_review import document, table, taken
from tests.triggers.place import Place, Trigger


def pulled(place: Place, server: FormServer) -> None:
    """Pull from a server that holds ten submissions."""
    server.records = [odk(number) for number in range(10)]
    with serving(server), opened(load_settings(home=place.folder / "home")) as platform:
        (source,) = chosen(settings(platform.settings.home, server.url, "odk"), None)
        pull(platform, source, NOW, QUICK)


def faulty(fault: Fault) -> Trigger:
    return lambda place: pulled(place, FormServer(faults=[fault] * 4))


def short(place: Place) -> None:
    server = FormServer()
    server.distorted = lambda _, rows: rows[1:]
    pulled(place, server)


def exported(place: Place, content: bytes, name: str, *, is_review_required: bool = False) -> Arrival:
    """An export that a person handed in."""
    home = place.folder / "home"
    with opened(load_settings(home=home, review_required=is_review_required)) as platform:
        return taken(platform, content, name)


def page(place: Place) -> str | None:
    return exported(
        place, document("value", [odk(1)], **{"@odata.nextLink": "https://odk.example/page"}), "odk_2026-W40_trc.json"
    ).code


def unreviewed(place: Place) -> str | None:
    return exported(
        place, table("odk_v1_csv", "ReviewState", [""]), "odk_2026-W40_trc.csv", is_review_required=True
    ).code


def unapproved(place: Place) -> str | None:
    with opened(load_settings(home=place.folder / "home")) as platform:
        arrival = taken(platform, table("odk_v1_csv", "ReviewState", ["rejected"]), "a.csv")
        file = platform.registry.file(arrival.token)
        (_, reading) = read_all(platform, file.sha256, profiles()[file.profile or ""])["kunjungan"]
        return str(reading.damaged["reasons"].item())


TRIGGERS: Mapping[str, Trigger] = {
    "E_PULL_ANSWER": faulty(Fault(404)),
    "E_PULL_AUTH": faulty(Fault(401)),
    "E_PULL_COUNT": short,
    "E_PULL_SERVER": faulty(Fault(503)),
    "E_PULL_SOURCE": lambda place: chosen(load_settings(home=place.folder), None) and None,
    "E_PULL_TOO_LARGE": faulty(Fault(body=lambda body: body + b" " * 200_000)),
    "H_NOT_APPROVED": unapproved,
    "H_PAGE_OF_MORE": page,
    "H_UNREVIEWED": unreviewed,
}
