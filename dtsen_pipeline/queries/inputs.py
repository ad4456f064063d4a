"""The model inputs of one family, computed from a release's own rows; nothing is taken on trust.

What a release says of scores and desil is read elsewhere (`explain`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import narwhals as nw
import polars as pl

from dtsen_pipeline.core.features import features, household
from dtsen_pipeline.core.sections import PLACE
from dtsen_pipeline.queries.reading import Row, View, fetched
from dtsen_pipeline.reference import WelfareModel
from dtsen_pipeline.schemas.errors import DtsenError

Values = Mapping[str, int | None]
PRESENCE = "keberadaan_anggota"


@dataclass(frozen=True)
class Home:
    """A family of a release with its persons, as tables of one and of several rows."""

    view: View
    family: pl.DataFrame
    persons: pl.DataFrame

    @property
    def row(self) -> Row:
        """The published row of the family."""
        return self.family.row(0, named=True)

    @property
    def day(self) -> date:
        """The day that ages are reckoned at."""
        return date.fromisoformat(self.view.manifest["base_date"])

    @property
    def place(self) -> str | None:
        """The region code of the family's place."""
        return self.row.get(PLACE)

    @property
    def part(self) -> WelfareModel | None:
        """The model of the release, or its section of the family's place; None where the model has none for it."""
        return self.view.model.part_of(self.place)


def home(view: View, family_id: str) -> Home:
    """A family of a release; raises E_ENTITY_UNKNOWN where the release has none."""
    of_it = pl.col("family_id") == family_id
    family, persons = fetched(view.scan("keluarga").filter(of_it)), fetched(view.scan("anggota").filter(of_it))
    if family.is_empty():
        raise DtsenError("E_ENTITY_UNKNOWN", "the release has no family or person with that id")
    return Home(view, family, persons)


def values_of(family: pl.DataFrame, persons: pl.DataFrame, on: date) -> Values:
    """Every input by name; null where an answer is missing."""
    people = household(nw.from_native(persons.lazy()), on)
    joined = nw.from_native(family.lazy()).join(people, on="family_id", how="left").select(**features())
    return fetched(joined.to_native()).row(0, named=True)


def regrouped(before: Home, after: Home) -> pl.DataFrame:
    """The later persons with their answers of the earlier release, where that release knows them."""
    ids = after.persons["person_id"].to_list()
    known = fetched(before.view.scan("anggota").filter(pl.col("person_id").is_in(ids)))
    own = ["person_id", "family_id", PRESENCE]
    shared = [name for name in known.columns if name in after.persons.columns and name not in own]
    earlier = known.select("person_id", *shared).join(after.persons.select(own), on="person_id", validate="1:1")
    newcomers = after.persons.join(known, on="person_id", how="anti").select(*own, *shared)
    return pl.concat([earlier.select(*own, *shared), newcomers])
