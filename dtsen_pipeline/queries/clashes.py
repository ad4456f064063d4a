"""Whether a lost column clashes with what an officer had seen, from the masks of the release's conflicts."""

from dtsen_pipeline.queries.labels import ColumnFacts
from dtsen_pipeline.queries.reading import Row

HARD, SOFT = "keras", "lunak"


def clash_of(column: ColumnFacts, row: Row) -> str | None:
    """`keras`, `lunak`, or None: no clash, a row of the lineage, or a release from before clashes were told."""
    return next((kind for kind in (HARD, SOFT) if column.is_in(row.get(f"mask_{kind}", 0))), None)
