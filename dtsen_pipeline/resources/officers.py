"""Taking lists of officers in. How a list is written stands in `core.officers`, which one counts in `in_office`."""

from datetime import datetime
from pathlib import Path

from dtsen_pipeline.core.officers import KIND, terms_in
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.resources.returned import Returned, keep_accepted, keep_refused, refused_by_person
from dtsen_pipeline.schemas.errors import DtsenError


def list_officers(platform: Platform, path: Path, now: datetime) -> Returned:
    """Take a list in; it takes the place of every list that came before."""
    deposit = platform.vault.put(path)
    stored = refused_by_person(platform, deposit)
    if stored is not None:
        return Returned(stored.token, stored.verdict, is_new=False, code=stored.code)
    try:
        terms = terms_in(platform.vault.read_bytes(deposit.sha256), deposit.token)
    except DtsenError as error:
        return keep_refused(platform, deposit, KIND, error, now, Returned)
    is_new = keep_accepted(platform, deposit, KIND, len(terms), now)
    return Returned(deposit.token, "accepted", is_new, rows=len(terms))
