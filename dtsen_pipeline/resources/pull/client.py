"""One HTTP exchange with a form server: bounded in size, time and tries, no redirect followed, strict JSON back.

What is asked and what an answer means stands in `servers`. No address, header or body comes into a message.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import httpx

from dtsen_pipeline.core import forms
from dtsen_pipeline.schemas.errors import DtsenError

BUSY = frozenset({429, 500, 502, 503, 504})
"""Answers after which asking again makes sense."""
UNAUTHORISED = frozenset({401, 403})
OK = 200


@dataclass(frozen=True)
class Limits:
    """The bounds of an exchange: bytes of an answer, seconds of silence and in all, tries, seconds between them."""

    answer_bytes: int = 64_000_000
    silence: float = 60
    whole: float = 300
    tries: int = 4
    pause: float = 2
    longest_pause: float = 120


class _AgainError(Exception):
    """The try failed in a way that may pass; `wait` is what the server asked for, in seconds."""

    def __init__(self, problem: str, wait: float | None = None) -> None:
        super().__init__(problem)
        self.problem, self.wait = problem, wait


class Client:
    """A connection to one server."""

    def __init__(
        self, base: str, limits: Limits, *, is_local: bool = False, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        """`is_local`: ask past any proxy of the environment."""
        self._base, self._limits, self._sleep = base, limits, sleep
        self._http = httpx.Client(
            timeout=limits.silence,
            follow_redirects=False,
            trust_env=not is_local,
            headers={"Accept-Encoding": "identity"},
        )

    def authorise(self, value: str) -> None:
        """Send this Authorization header from now on."""
        self._http.headers["Authorization"] = value

    def ask(self, path: str, query: Mapping[str, str] | None = None, body: Mapping[str, str] | None = None) -> Any:
        """The JSON document at a path, asked for by POST where there is a body; DtsenError where it cannot be had."""
        problem = ""
        for turn in range(self._limits.tries):
            try:
                return self._once(path, query, body)
            except _AgainError as again:
                problem = again.problem
                wait = self._limits.pause * 2**turn if again.wait is None else again.wait
            if wait > self._limits.longest_pause:
                break
            if turn + 1 < self._limits.tries:
                self._sleep(wait)
        raise DtsenError("E_PULL_SERVER", problem)

    def _once(self, path: str, query: Mapping[str, str] | None, body: Mapping[str, str] | None) -> Any:
        with (
            _told(),
            self._http.stream(
                "GET" if body is None else "POST", f"{self._base}/{path}", params=query, json=body
            ) as response,
        ):
            _check(response)
            data = self._body(response)
        try:
            return forms.parse(data, "")
        except DtsenError:
            raise _AgainError("the answer is not one JSON document") from None

    def _body(self, response: httpx.Response) -> bytes:
        limits, data, end = self._limits, bytearray(), time.monotonic() + self._limits.whole
        for chunk in response.iter_raw():
            data += chunk
            if len(data) > limits.answer_bytes:
                raise DtsenError("E_PULL_TOO_LARGE", f"an answer has more than {limits.answer_bytes} bytes")
            if time.monotonic() > end:
                raise _AgainError("the answer took too long")
        return bytes(data)

    def __enter__(self) -> Self:
        """The client itself; its connections are closed at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self._http.close()


@contextmanager
def _told() -> Iterator[None]:
    """A block whose transport errors become ours: theirs name the address."""
    problem = None
    try:
        yield
    except httpx.TimeoutException:
        problem = "the server does not answer in time"
    except httpx.HTTPError:
        problem = "the server cannot be reached, or broke the answer off"
    if problem is not None:
        raise _AgainError(problem)


def _check(response: httpx.Response) -> None:
    status = response.status_code
    if status in UNAUTHORISED:
        raise DtsenError("E_PULL_AUTH", f"the server answers with status {status}")
    if status in BUSY:
        raise _AgainError(f"the server answers with status {status}", _asked_wait(response))
    if response.is_redirect:
        raise DtsenError("E_PULL_ANSWER", "the server sends us elsewhere, which is not followed")
    if status != OK:
        raise DtsenError("E_PULL_ANSWER", f"the server answers with status {status}")


def _asked_wait(response: httpx.Response) -> float | None:
    """The seconds of Retry-After; none where it is missing or a day and time."""
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdecimal() else None
