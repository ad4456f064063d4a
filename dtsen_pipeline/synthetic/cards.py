"""Family cards that are written anew between the two snapshots: the same family, another number.

The ministry lists such a family under the old card first and under the new one later; officers name the card that
their list has. Where cards come from in the first place stands in `city`.
"""

import numpy as np

from dtsen_pipeline.synthetic import identity
from dtsen_pipeline.synthetic.draw import Bools, Ints, Streams, pick, share
from dtsen_pipeline.synthetic.events import World
from dtsen_pipeline.synthetic.people import TODAY

_RATE = 0.015
_FIRST_DAY, _DAYS = 61, 29
"""Days after the first data date on which cards are written anew: no other card of the city has such a date."""


def renewed(stream: Streams, world: World, answered: Ints, unnumbered: Ints) -> Bools:
    """Which families have a new card in the second snapshot; the truth learns of it.

    A third of them are among those that `answered` an officer under the old one, and a third have `unnumbered`
    members, whom no NIK leads from the one card to the other.
    """
    rng, table = stream("new cards"), world.families
    free = ~(table["is_new"] | table["is_gone"] | table["has_left"] | table["has_moved"] | table["is_outside"])
    every = np.arange(len(free))
    found = np.zeros(len(free), dtype=np.bool_)
    for some in (answered, unnumbered, every):
        found[pick(rng, free & np.isin(every, some) & ~found, share(_RATE / 3, world.first))] = True
    recorded = TODAY + _FIRST_DAY + rng.integers(0, _DAYS, len(free))
    written = identity.family_card(rng, table["district"], recorded)
    table["nomor_kartu_keluarga_after"] = np.where(found, written, table["nomor_kartu_keluarga"])
    return found
