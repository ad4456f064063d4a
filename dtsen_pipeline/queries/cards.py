"""Cards that families have had: from a card's number to the family, and from a family to its numbers.

A release knows an older card by its keyed hash only (the family's id or an alias), and the number stands in raw rows.
"""

from collections.abc import Iterable

import narwhals as nw
import polars as pl

from dtsen_pipeline.core.entities import CARD, with_family_id
from dtsen_pipeline.queries.rawtext import RawRows
from dtsen_pipeline.queries.reading import View, fetched
from dtsen_pipeline.resources.engines.polars import PolarsEngine
from dtsen_pipeline.resources.platform import Platform

FAMILY = "keluarga"


def families_by_card(platform: Platform, view: View, cards: Iterable[str]) -> dict[str, str]:
    """The published family of each card that it had at some time; cards of no such family are left out."""
    ids = _ids(platform, cards)
    if not ids:
        return {}
    aliases = view.rows("alias", pl.col("tabel") == FAMILY, pl.col("alias_id").is_in(list(ids.values())))
    lasting = {row["alias_id"]: row["entity_id"] for row in aliases}
    named = {card: lasting.get(name, name) for card, name in ids.items()}
    published = fetched(view.scan(FAMILY).filter(pl.col("family_id").is_in(list(named.values()))).select("family_id"))
    known = set(published["family_id"])
    return {card: family for card, family in named.items() if family in known}


def homes(platform: Platform, view: View, published: pl.DataFrame, cards: pl.Series) -> pl.DataFrame:
    """`published` (card and family_id), and the families that had one of the other `cards` before."""
    others = set(cards.drop_nulls()) - set(published[CARD])
    found = families_by_card(platform, view, sorted(others))
    older = pl.DataFrame({CARD: list(found), "family_id": list(found.values())}, schema=published.schema)
    return pl.concat([published, older])


def older_cards(platform: Platform, view: View, rows: RawRows, family_id: str) -> set[str]:
    """The cards under which a family was ever listed, where it changed its card; else none."""
    aliases = view.rows("alias", pl.col("tabel") == FAMILY, pl.col("entity_id") == family_id)
    if not aliases:
        return set()
    names = {family_id, *(row["alias_id"] for row in aliases)}
    tokens = [source["sha256"][:12] for source in view.sources if source["table"] == FAMILY]
    cards = {raw[CARD].strip() for token in tokens for raw in rows.everything(token).values() if CARD in raw}
    return {card for card, name in _ids(platform, cards).items() if name in names}


def _ids(platform: Platform, cards: Iterable[str]) -> dict[str, str]:
    """The id that each card gives by itself."""
    frame = pl.DataFrame({CARD: sorted(set(cards) - {""})}, schema={CARD: pl.String})
    found = with_family_id(nw.from_native(frame.lazy()), PolarsEngine(), platform.key.secret)
    return dict(fetched(found.to_native()).select(CARD, "family_id").iter_rows())
