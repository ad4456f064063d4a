"""All records behind a paged list, although rows shift between its pages: overlap, several passes, and a count.

Nothing that a server gives in pages is trusted to be whole: it is when as many ids came as the server counts.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from dtsen_pipeline.core.submissions import Record
from dtsen_pipeline.schemas.errors import DtsenError


class Page(NamedTuple):
    """What the server counts in all, and the records of one page."""

    total: int
    records: list[Record]


@dataclass(frozen=True)
class Paging:
    """Rows asked for at once, rows asked for twice at every border, passes, and the most rows that are held."""

    top: int = 250
    overlap: int = 25
    passes: int = 4
    most: int = 100_000


def gathered(fetch: Callable[[int, int], Page], id_of: Callable[[Record], str], paging: Paging) -> dict[str, Record]:
    """Every record by id, by `fetch(skip, top)`; E_PULL_COUNT where the ids never come to the server's count.

    Passes add up while the count stands still. A pass during which it moved, and one that brought too much, because
    something left the list, say nothing about the others.
    """
    found: dict[str, Record] = {}
    told: set[int] = set()
    for _ in range(paging.passes):
        pages = list(_pages(fetch, paging))
        mine = {id_of(record): record for page in pages for record in page.records}
        counts = {page.total for page in pages}
        if len(counts) > 1:
            told = set()
            continue
        found = found | mine if counts == told else mine
        told = counts
        if len(found) > pages[0].total:
            found = mine
        if len(found) == pages[0].total:
            return found
    detail = f"{len(found)} of {max(told)} came" if told else "the count moved in every pass"
    raise DtsenError("E_PULL_COUNT", f"{detail}; {paging.passes} passes were made")


def _pages(fetch: Callable[[int, int], Page], paging: Paging) -> Iterator[Page]:
    skip = 0
    while True:
        page = fetch(skip, paging.top)
        if page.total > paging.most:
            raise DtsenError("E_PULL_TOO_LARGE", f"the server counts {page.total} submissions; set `since`")
        yield page
        reached = skip + len(page.records)
        if not page.records or reached >= page.total:
            return
        skip = reached - min(paging.overlap, len(page.records) // 2)
