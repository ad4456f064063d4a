"""Which code lists the columns of a source use, and for which files a person has confirmed them.

A confirmation counts for the source that it was given for, and for the lists that its files were seen to use: the
same list in another source's file stays as its status says.
"""

from collections.abc import Mapping

from dtsen_pipeline.core.corrections import family_of
from dtsen_pipeline.core.inputs import InputList, Source
from dtsen_pipeline.reference import Profile, parts, profiles
from dtsen_pipeline.schemas.tables import tables


def lists_of(profile: Profile) -> frozenset[str]:
    """The code lists of the columns that a profile's files bring, all their parts together."""
    return frozenset(
        column.codes
        for part in parts(profile)
        for column in tables()[part.table].columns
        if column.codes and column.name in part.columns
    )


def lists_of_source(family: str) -> frozenset[str]:
    """The code lists that any profile of a source uses."""
    return frozenset[str]().union(*(lists_of(known) for known in profiles().values() if known.family == family))


def confirmed_in(inputs: InputList) -> Mapping[str, frozenset[str]]:
    """The code lists confirmed for the rows of each file, by token; a correction's rows are of the file it corrects.

    A list of inputs from before the lists were told names sources alone: each counts for every list that it uses.
    """
    told: dict[str, frozenset[str]] = {family: frozenset(lists) for family, lists in inputs.confirmed_lists.items()}
    for family in inputs.confirmed_profiles:
        told.setdefault(family, lists_of_source(family))
    return {source.token: told.get(_family(source, inputs), frozenset()) for source in inputs.sources} if told else {}


def _family(source: Source, inputs: InputList) -> str:
    """The source whose words a file's rows are judged by."""
    corrected = (other for other in inputs.sources if other.sha256 == source.corrects)
    return family_of(next(corrected, source))
