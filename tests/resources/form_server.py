"""A form server on loopback that speaks the documented endpoints of ODK Central and KoboToolbox, and can misbehave."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN, SESSION = "rahasia-sekali", "sesi-sementara"
LOGIN = ("data@kota.example", "sandi:panjang")
ODK_PATH = "/v1/projects/3/forms/kunjungan.svc/Submissions"
KOBO_PATH = "/api/v2/assets/aKunjungan/data.json"
Record = dict[str, Any]


@dataclass
class Fault:
    """What the next answer is instead: a status with headers, or the right body broken off or blown up."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: Callable[[bytes], bytes] = lambda body: body
    is_broken_off: bool = False


@dataclass
class FormServer:
    """The submissions of one form, newest first as both servers keep them, and what goes wrong.

    `faults`: one for each next answer; `before`: called with the number of the page request, from 1, so that rows
    can shift; `distorted`: what is made of a page's rows; `most`: rows that a page may have.
    """

    records: list[Record] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    before: Callable[[int], None] = lambda _: None
    distorted: Callable[[int, list[Record]], list[Record]] = lambda _, rows: rows
    most: int = 1000
    asked: list[str] = field(default_factory=list)
    authorised: list[str] = field(default_factory=list)
    pages: int = 0
    url: str = ""

    def answer(self, path: str, query: dict[str, str]) -> Record | None:
        """The document at a path; none where there is none."""
        if path == ODK_PATH:
            return self._odk(query)
        return self._kobo(query) if path == KOBO_PATH else None

    def _rows(self, matching: Callable[[Record], bool], skip: int, top: int) -> tuple[int, list[Record]]:
        if top > 1:
            self.pages += 1
            self.before(self.pages)
        listed = [record for record in self.records if matching(record)]
        rows = listed[skip : skip + min(top, self.most)]
        return len(listed), self.distorted(self.pages, rows) if top > 1 else rows

    def _odk(self, query: dict[str, str]) -> Record:
        told = query.get("$filter", "").split(" and ")

        def matching(record: Record) -> bool:
            system = record["__system"]
            return all(
                part in ("", f"__system/reviewState eq '{system['reviewState']}'")
                or (" ge " in part and system["submissionDate"] >= part.split(" ge ")[1])
                for part in told
            )

        count, rows = self._rows(matching, int(query["$skip"]), int(query["$top"]))
        return {"value": rows, "@odata.context": f"{self.url}/x.svc/$metadata"} | (
            {"@odata.count": count} if query.get("$count") == "true" else {}
        )

    def _kobo(self, query: dict[str, str]) -> Record:
        told = json.loads(query.get("query", "{}"))

        def matching(record: Record) -> bool:
            state = told.get("_validation_status.uid")
            since = told.get("_submission_time", {}).get("$gte", "")
            return record["_submission_time"] >= since and state in (None, record["_validation_status"].get("uid"))

        count, rows = self._rows(matching, int(query["start"]), int(query["limit"]))
        return {"count": count, "next": None, "previous": None, "results": rows}


@contextmanager
def serving(server: FormServer) -> Iterator[FormServer]:
    """The server on a free port of loopback, for the length of a block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            server.asked.append(self.path)
            server.authorised.append(self.headers.get("Authorization", ""))
            if self.headers.get("Authorization") not in (f"Bearer {TOKEN}", f"Bearer {SESSION}", f"Token {TOKEN}"):
                self.say(Fault(401), {})
                return
            fault = server.faults.pop(0) if server.faults else Fault()
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            found = server.answer(parts.path, query) if fault.status == 200 else {}
            self.say(fault if found is not None else Fault(404), found)

        def do_POST(self) -> None:
            sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            is_right = (sent["email"], sent["password"]) == LOGIN and self.path == "/v1/sessions"
            self.say(Fault(200 if is_right else 401), {"token": SESSION, "expiresAt": "2026-11-25T00:00:00.000Z"})

        def say(self, fault: Fault, document: Any) -> None:
            body = fault.body(json.dumps(document).encode())
            self.send_response(fault.status)
            for name, value in fault.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body) + 9 * fault.is_broken_off))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        server.url = f"http://127.0.0.1:{http.server_address[1]}"
        thread = threading.Thread(target=lambda: http.serve_forever(poll_interval=0.01), daemon=True)
        thread.start()
        yield server
        http.shutdown()
        thread.join()


def odk(number: int, state: str | None = "approved", edits: int = 0, **answers: Any) -> Record:
    """A submission as ODK Central's OData gives it with `$expand=*`."""
    return {
        "__id": f"uuid:{number:08}",
        "__system": {
            "submissionDate": f"2026-09-{1 + number % 28:02}T02:30:00.000Z",
            "reviewState": state,
            "edits": edits,
            "attachmentsPresent": 0,
        },
        "meta": {"instanceID": f"uuid:{number:08}"},
        "anggota": [{"__id": f"m{number}", "nama": "WARGA CONTOH", "keberadaan_anggota": "1"}],
        "anggota@odata.navigationLink": f"Submissions('uuid%3A{number:08}')/anggota",
        **_answers(number),
        **answers,
    }


def kobo(number: int, state: str | None = "approved", uuid: str | None = None, **answers: Any) -> Record:
    """A submission as KoboToolbox's data API gives it; an edit gives another `uuid`."""
    own = uuid or f"u-{number:08}"
    return {
        "_id": number,
        "_uuid": own,
        "meta/instanceID": f"uuid:{own}",
        "meta/rootUuid": f"uuid:u-{number:08}",
        "_submission_time": f"2026-09-{1 + number % 28:02}T02:30:00",
        "_validation_status": {"uid": f"validation_status_{state}", "label": "x"} if state else {},
        "_attachments": [],
        "anggota": [{"anggota/nama": "WARGA CONTOH", "anggota/keberadaan_anggota": "1"}],
        **_answers(number),
        **answers,
    }


def _answers(number: int) -> Record:
    return {
        "id_petugas": "P-01",
        "waktu_kunjungan": f"2026-09-{1 + number % 28:02}T09:30:00.000+07:00",
        "hasil_kunjungan": "1",
        "nomor_kartu_keluarga": f"35710101015{9000 + number % 1000:05}",
        "luas_lantai": 36,
    }
