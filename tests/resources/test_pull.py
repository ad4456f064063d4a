"""Pulling from a form server on loopback: whole or not at all, approved only, each version once."""

import json
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from dtsen_pipeline.resources.platform import Platform, opened
from dtsen_pipeline.resources.pull import Bounds, Pulled, pull
from dtsen_pipeline.resources.pull.client import Limits
from dtsen_pipeline.resources.pull.paging import Paging
from dtsen_pipeline.resources.pull.sources import chosen
from dtsen_pipeline.resources.settings import Settings, load_settings
from dtsen_pipeline.schemas.errors import DtsenError
from tests.resources.form_server import LOGIN, TOKEN, Fault, FormServer, Record, kobo, odk, serving

NOW = datetime(2026, 9, 29, 20, tzinfo=UTC)
QUICK = Bounds(Limits(silence=5, pause=0, answer_bytes=200_000), Paging(top=10, overlap=2))
PLACES = {"odk": "project: 3\n    form: kunjungan", "kobo": "asset: aKunjungan"}
MAKE: dict[str, Callable[..., Record]] = {"odk": odk, "kobo": kobo}
KINDS = pytest.mark.parametrize("kind", ["odk", "kobo"])
Pull = Callable[..., Pulled]


@pytest.fixture(scope="module")
def listening() -> Iterator[FormServer]:
    with serving(FormServer()) as server:
        yield server


@pytest.fixture
def server(listening: FormServer) -> FormServer:
    """The running server, with nothing in it and nothing wrong."""
    vars(listening).update({name: value for name, value in vars(FormServer()).items() if name != "url"})
    return listening


def settings(home: Path, url: str, kind: str, secret: str = TOKEN, more: str = "") -> Settings:
    file = home.parent / "sources.yaml"
    file.write_text(f"sources:\n  trc:\n    server: {kind}\n    url: {url}\n    {PLACES[kind]}\n    {more}\n")
    return load_settings(home=home, pull_sources=file, pull_tokens=json.dumps({"trc": secret}))


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    with opened(load_settings(home=tmp_path / "home")) as platform:
        yield platform


@pytest.fixture
def pulled(server: FormServer, platform: Platform) -> Pull:
    """Pull once from the server."""

    def run(kind: str = "odk", bounds: Bounds = QUICK, **more: Any) -> Pulled:
        (source,) = chosen(settings(platform.settings.home, server.url, kind, **more), "trc")
        return pull(platform, source, NOW, bounds)

    return run


def content(platform: Platform, found: Pulled) -> list[Record]:
    """The submissions of the file that a pull made."""
    assert found.arrival is not None
    (records,) = json.loads(platform.vault.read_bytes(platform.registry.file(found.arrival.token).sha256)).values()
    return list(records)


def ids(records: list[Record]) -> list[str]:
    return [record.get("__id") or record["_uuid"] for record in records]


def refused(run: Pull, **how: Any) -> DtsenError:
    with pytest.raises(DtsenError) as caught:
        run(**how)
    return caught.value


@KINDS
def test_approved_submissions_become_a_file_like_any_other(
    server: FormServer, platform: Platform, pulled: Pull, kind: str
) -> None:
    server.records = [MAKE[kind](0, luas_lantai=36.5), *(MAKE[kind](number) for number in range(1, 25))]
    server.faults = [Fault(body=lambda body: body.replace(b"36.5", b"36.50"))]
    found = pulled(kind)
    assert (found.approved, found.new, found.edited, found.known) == (25, 25, 0, 0)
    assert ids(content(platform, found)) == ids(server.records)
    assert found.arrival is not None
    file = platform.registry.file(found.arrival.token)
    assert (file.verdict, file.kind, file.profile, file.rows) == ("accepted", "field", f"{kind}_v1_json", 50)
    assert file.batch_id == "2026-W40-TRC-001"
    assert b'"luas_lantai": 36.50}' in platform.vault.read_bytes(file.sha256)
    assert stat.S_IMODE((platform.home.work / "pull").stat().st_mode) == 0o700
    assert list((platform.home.work / "pull").iterdir()) == []


@KINDS
def test_the_rest_waits_and_comes_when_it_is_approved(
    server: FormServer, platform: Platform, pulled: Pull, kind: str
) -> None:
    others = {"odk": [None, "edited", "hasIssues", "rejected"], "kobo": [None, "on_hold", "not_approved", None]}[kind]
    server.records = [MAKE[kind](number, state) for number, state in enumerate(["approved", *others])]
    first = pulled(kind)
    assert ids(content(platform, first)) == ids(server.records[:1])
    assert (
        first.waiting
        == {
            "odk": {"received": 1, "edited": 1, "hasIssues": 1, "rejected": 1},
            "kobo": {"received": 2, "on_hold": 1, "not_approved": 1},
        }[kind]
    )
    server.records[3] = MAKE[kind](3)
    second = pulled(kind)
    assert (second.known, second.new, sum(second.waiting.values())) == (1, 1, 3)
    assert ids(content(platform, second)) == ids(server.records[3:4])


@KINDS
def test_nothing_new_makes_no_file(server: FormServer, platform: Platform, pulled: Pull, kind: str) -> None:
    server.records = [MAKE[kind](number) for number in range(3)]
    pulled(kind)
    again = pulled(kind)
    assert (again.known, again.new, again.arrival) == (3, 0, None)
    assert len(platform.registry.files()) == 1


def test_an_edit_that_is_approved_again_comes_again(server: FormServer, platform: Platform, pulled: Pull) -> None:
    server.records = [odk(1), odk(2)]
    pulled()
    server.records[0] = odk(1, "edited", edits=1, luas_lantai=40)
    assert pulled().arrival is None
    server.records[0] = odk(1, edits=1, luas_lantai=40)
    found = pulled()
    assert (found.edited, found.new) == (1, 0)
    assert [record["luas_lantai"] for record in content(platform, found)] == [40]
    server.records[0] = odk(1, edits=2)
    assert pulled().edited == 1


def test_an_edit_in_kobotoolbox_has_another_uuid_and_is_an_edit(server: FormServer, pulled: Pull) -> None:
    server.records = [kobo(1)]
    pulled("kobo")
    server.records = [kobo(1, uuid="u-edited", luas_lantai=40)]
    assert pulled("kobo").edited == 1


@KINDS
def test_an_attachment_or_a_second_look_is_no_edit(server: FormServer, pulled: Pull, kind: str) -> None:
    server.records = [MAKE[kind](1)]
    pulled(kind)
    server.records[0] |= {"_attachments": [{"id": 1}]} if kind == "kobo" else {}
    if kind == "odk":
        server.records[0]["__system"] |= {"attachmentsPresent": 2, "updatedAt": "2026-09-30T00:00:00.000Z"}
    assert pulled(kind).arrival is None


@KINDS
def test_rows_that_shift_while_new_ones_come_are_all_there(
    server: FormServer, platform: Platform, pulled: Pull, kind: str
) -> None:
    server.records = [MAKE[kind](number) for number in range(40)]
    late = iter(range(100, 103))

    def newer(page: int) -> None:
        if page in (2, 3, 5):
            server.records.insert(0, MAKE[kind](next(late)))

    server.before = newer
    found = pulled(kind)
    assert sorted(ids(content(platform, found))) == sorted(ids(server.records))
    assert found.new == 43


def test_rows_that_leave_the_list_while_it_is_read_take_no_other_along(
    server: FormServer, platform: Platform, pulled: Pull
) -> None:
    server.records = [odk(number) for number in range(40)]

    def withdrawn(page: int) -> None:
        if page == 2:
            del server.records[:6]

    server.before = withdrawn
    assert ids(content(platform, pulled())) == ids(server.records)


@KINDS
def test_pages_that_give_rows_twice_and_skip_others_are_made_whole(
    server: FormServer, platform: Platform, pulled: Pull, kind: str
) -> None:
    server.records = [MAKE[kind](number) for number in range(60)]
    server.distorted = lambda page, rows: rows[:4] + rows[:1] + rows[5:] if page % 3 == 1 and page < 9 else rows
    found = pulled(kind)
    assert sorted(ids(content(platform, found))) == sorted(ids(server.records))
    assert server.pages > 8


def test_passes_that_each_skip_another_row_make_up_for_each_other(server: FormServer, pulled: Pull) -> None:
    server.records = [odk(number) for number in range(8)]
    places = cycle([1, 2])
    server.distorted = lambda _, rows: rows if len(rows) < 8 else rows[: (at := next(places))] + rows[at + 1 :]
    assert pulled().new == 8


def test_a_redirect_is_not_followed(server: FormServer, pulled: Pull) -> None:
    server.records, server.faults = [odk(1)], [Fault(302, {"Location": f"{server.url}/v1/elsewhere"})]
    assert refused(pulled).message == "the server sends us elsewhere, which is not followed"
    assert not any("elsewhere" in path for path in server.asked)


def test_a_page_shorter_than_asked_for_is_not_the_last(server: FormServer, pulled: Pull) -> None:
    server.records, server.most = [odk(number) for number in range(30)], 3
    assert pulled().new == 30


def test_a_row_that_never_comes_stops_the_pull(server: FormServer, platform: Platform, pulled: Pull) -> None:
    server.records = [odk(number) for number in range(30)]
    server.distorted = lambda _, rows: [row for row in rows if row["__id"] != "uuid:00000007"]
    error = refused(pulled)
    assert (error.code, error.message) == ("E_PULL_COUNT", "29 of 30 came; 4 passes were made")
    assert platform.registry.files() == []
    server.distorted = lambda _, rows: rows
    assert pulled().new == 30


def test_a_list_that_never_stands_still_stops_the_pull(server: FormServer, platform: Platform, pulled: Pull) -> None:
    server.records = [odk(number) for number in range(15)]
    server.before = lambda page: server.records.insert(0, odk(100 + page))
    assert refused(pulled).code == "E_PULL_COUNT"
    assert platform.registry.files() == []


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault(401), "E_PULL_AUTH"),
        (Fault(403), "E_PULL_AUTH"),
        (Fault(404), "E_PULL_ANSWER"),
        (Fault(302, {"Location": "http://127.0.0.1:9/elsewhere"}), "E_PULL_ANSWER"),
        (Fault(429, {"Retry-After": "3600"}), "E_PULL_SERVER"),
        (Fault(body=lambda body: body + b" " * 200_000), "E_PULL_TOO_LARGE"),
        (Fault(body=lambda _: b"[]"), "E_PULL_ANSWER"),
        (Fault(body=lambda _: b'{"value": []}'), "E_PULL_ANSWER"),
        (Fault(body=lambda _: b'{"@odata.count": 1, "value": [{"__system": {}}]}'), "E_PULL_ANSWER"),
        (Fault(body=lambda _: b'{"@odata.count": 999999999, "value": []}'), "E_PULL_TOO_LARGE"),
    ],
)
def test_what_will_not_pass_ends_the_pull_at_once(
    server: FormServer, platform: Platform, pulled: Pull, fault: Fault, code: str
) -> None:
    server.records, server.faults = [odk(1)], [fault]
    error = refused(pulled)
    assert error.code == code
    assert server.url not in str(error)
    assert TOKEN not in str(error)
    assert (len(server.asked), platform.registry.files()) == (1, [])


@pytest.mark.parametrize(
    "fault",
    [
        Fault(500),
        Fault(503),
        Fault(429, {"Retry-After": "0"}),
        Fault(is_broken_off=True),
        Fault(body=lambda body: body[:40]),
        Fault(body=lambda _: b"<html>"),
    ],
)
def test_what_may_pass_is_asked_again(server: FormServer, pulled: Pull, fault: Fault) -> None:
    server.records, server.faults = [odk(1)], [fault, fault]
    assert pulled().new == 1
    server.faults = [fault] * 4
    assert refused(pulled).code == "E_PULL_SERVER"


def test_a_server_that_is_not_there_is_one_of_those(platform: Platform) -> None:
    (source,) = chosen(settings(platform.settings.home, "http://127.0.0.1:9", "odk"), None)
    with pytest.raises(DtsenError, match="E_PULL_SERVER"):
        pull(platform, source, NOW, QUICK)


def test_a_server_that_passes_over_the_filter_brings_nothing_in(
    server: FormServer, platform: Platform, pulled: Pull
) -> None:
    answer = {"@odata.count": 1, "value": [odk(1, "rejected")]}
    server.faults = [Fault(body=lambda _: json.dumps(answer).encode())]
    assert refused(pulled).code == "E_PULL_ANSWER"
    assert platform.registry.files() == []


def test_a_session_is_opened_with_email_and_password(server: FormServer, pulled: Pull) -> None:
    server.records = [odk(1)]
    assert pulled(secret=":".join(LOGIN)).new == 1
    assert set(server.authorised) == {"Bearer sesi-sementara"}
    assert refused(pulled, secret=f"{LOGIN[0]}:salah").code == "E_PULL_AUTH"
    assert refused(pulled, secret=LOGIN[0]).code == "E_PULL_AUTH"


@KINDS
def test_since_leaves_out_what_was_sent_before(server: FormServer, pulled: Pull, kind: str) -> None:
    server.records = [MAKE[kind](number) for number in range(28)]
    assert pulled(kind, more="since: 2026-09-20").new == 9


def test_a_pull_that_was_cut_off_before_its_file_came_in_is_made_again(
    server: FormServer, platform: Platform, pulled: Pull, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.records = [odk(1)]

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("dtsen_pipeline.resources.pull.ingest", killed)
        with pytest.raises(KeyboardInterrupt):
            pulled()
    assert platform.registry.files() == []
    left = platform.home.work / "pull" / "trc" / "left.json"
    left.parent.mkdir()
    left.write_text("what kill -9 leaves")
    assert pulled().new == 1
    assert not left.exists()
    assert pulled().new == 0


def test_a_refused_file_is_tried_again_and_one_that_a_person_refused_is_not(
    server: FormServer, platform: Platform, pulled: Pull
) -> None:
    server.records = [odk(1, pertanyaan_baru="x")]
    first, second = pulled(), pulled()
    assert first.arrival is not None
    assert second.arrival is not None
    assert (first.arrival.code, second.arrival.code, second.new) == ("E_HEADER", "E_HEADER", 1)
    server.records = [odk(1)]
    mended = pulled()
    assert mended.arrival is not None
    platform.registry.set_verdict(mended.arrival.token, "refused", "E_REFUSED", "no", "tester", NOW)
    assert pulled().arrival is None


SECRETS = f'{{"trc": "{TOKEN}"}}'
GOOD = "server: odk, url: 'https://odk.example', project: 3, form: kunjungan"


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        (f"sources: {{trc: {{{GOOD}}}}}", "{}"),
        (f"sources: {{trc: {{{GOOD}, token: x}}}}", SECRETS),
        (f"sources: {{'TRC 1': {{{GOOD}}}}}", SECRETS),
        (f"sources: {{trc: {{{GOOD}, since: kemarin}}}}", SECRETS),
        (f"sources: {{trc: {{{GOOD}, profile: lapangan_v1_kunjungan}}}}", SECRETS),
        (f"sources: {{trc: {{{GOOD}, profile: kobo_v1_json}}}}", SECRETS),
        ("sources: {trc: {server: aggregate}}", SECRETS),
        (f"sources: {{trc: {{{GOOD.replace('https', 'http')}}}}}", SECRETS),
        (f"sources: {{trc: {{{GOOD.replace('//', '//user:' + TOKEN + '@')}}}}}", SECRETS),
        (f"sources: {{trc: {{{GOOD.replace('example', 'example/?t=' + TOKEN)}}}}}", SECRETS),
        (f"sources: {{trc: {{{GOOD.replace('kunjungan', 'a/../b')}}}}}", SECRETS),
        (f"sources: {{trc: {{{GOOD.replace('3', 'tiga')}}}}}", SECRETS),
        ("- trc", SECRETS),
        ("sources: [", SECRETS),
    ],
)
def test_a_source_that_is_not_as_documented_is_refused_without_repeating_it(
    tmp_path: Path, text: str, tokens: str
) -> None:
    file = tmp_path / "sources.yaml"
    file.write_text(text)
    with pytest.raises(DtsenError) as caught:
        chosen(load_settings(home=tmp_path, pull_sources=file, pull_tokens=tokens), None)
    assert caught.value.code == "E_SETTINGS"
    for said in ("example", TOKEN, "kemarin", "TRC 1", "aggregate"):
        assert said not in str(caught.value)


def test_the_documented_sources_are_sources(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "connect-a-form-server.md").read_text()
    file = tmp_path / "sources.yaml"
    file.write_text(page.partition("```yaml\n")[2].partition("```")[0])
    tokens = json.dumps({"trc": "a", "dinsos": "b"})
    found = chosen(load_settings(home=tmp_path, pull_sources=file, pull_tokens=tokens), None)
    assert [(source.name, source.kind, source.profile) for source in found] == [
        ("dinsos", "kobo", "kobo_v1_json"),
        ("trc", "odk", "odk_v1_json"),
    ]


def test_a_secret_shows_nowhere(tmp_path: Path) -> None:
    found = settings(tmp_path / "home", "https://odk.example/sub", "odk")
    (source,) = chosen(found, None)
    assert TOKEN not in f"{found!r} {found} {source!r} {source} {found.model_dump_json()}"
    assert source.secret.get_secret_value() == TOKEN


def test_a_source_that_nobody_declared_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(DtsenError, match="E_PULL_SOURCE"):
        chosen(load_settings(home=tmp_path), None)
    with pytest.raises(DtsenError, match="must be one of: trc"):
        chosen(settings(tmp_path / "home", "https://odk.example", "odk"), "lain")
