"""A source's way of writing in the contract's: code maps, days, moments, whole numbers and region codes, as text.

Stands between exact rows and `normalise`: rows keep their delivered text, and each is translated by the profile of
its file. What a profile does not know is marked as unreadable, never passed on as if it were the contract's.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

import narwhals as nw
import polars as pl

from dtsen_pipeline.core.engine import Frame
from dtsen_pipeline.core.entities import VISIT_ID
from dtsen_pipeline.reference import City, Profile
from dtsen_pipeline.schemas.columns import CLEARED_TEXT, Column, Kind
from dtsen_pipeline.schemas.tables import Table, delivered, tables

NOT_KNOWN = "?"
"""Stands for a text that the source's profile does not explain: no code, no day, no number."""
MOMENT_PARTS = r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}(?:[+-][0-9]{2}:[0-9]{2}|Z)\z"
SECONDS, OFFSET = 19, 23
"""Where the seconds end, and where the offset begins behind milliseconds."""
Rule = Callable[[nw.Expr], nw.Expr]


def translate(rows: Frame, table: Table, profile_of: Mapping[str, Profile], city: City) -> Frame:
    """The same rows with every cell as the contract writes it; `profile_of`: the profile of each file, by token."""
    present = set(rows.collect_schema().names())
    named = {profile.id: profile for profile in profile_of.values() if not profile.is_plain}
    for name, profile in sorted(named.items()):
        rules = {key: rule for key, rule in rules_of(profile, table, city) if key in present}
        files = sorted(token for token, used in profile_of.items() if used.id == name)
        if rules:
            rows = rows.with_columns(*(_where(files, key, rule) for key, rule in rules.items()))
    return rows


def filled(rows: pl.DataFrame, table: str) -> pl.DataFrame:
    """Rows with every column that files of a table may bring, in order; null where this file does not bring it."""
    names = delivered(tables()[table])
    blank = [pl.lit(None, dtype=pl.String).alias(name) for name in names if name not in rows.columns]
    return rows.with_columns(*blank).select("src", "row", *names)


def rules_of(profile: Profile, table: Table, city: City) -> Iterator[tuple[str, Rule]]:
    """The columns that a profile writes otherwise than the contract, each with its rule."""
    for column in table.columns:
        rule = _rule(column, profile, city)
        if rule is not None and column.name in profile.columns:
            yield column.name, rule


def _where(files: list[str], name: str, rule: Rule) -> nw.Expr:
    cell = nw.col(name)
    text = cell.str.strip_chars(" ")
    as_is = (text == "") | (text == CLEARED_TEXT)
    return nw.when(nw.col("src").is_in(files) & ~as_is).then(rule(text)).otherwise(cell).alias(name)


def _rule(column: Column, profile: Profile, city: City) -> Rule | None:  # noqa: PLR0911 - one case a kind
    if column.name == VISIT_ID and profile.id_prefix:
        return lambda text: text.str.replace_all(profile.id_prefix, "", literal=True)
    if column.name in profile.codes:
        pairs = _both_numbers(profile.codes[column.name], profile)
        return lambda text: _looked_up(text, pairs, nw.lit(NOT_KNOWN))
    if column.kind is Kind.DATE and profile.date_format != "YYYY-MM-DD":
        return _day_rule(profile.date_format[2])
    if column.kind is Kind.MOMENT and ".fff" in (profile.moment_format or ""):
        return _moment
    if column.kind is Kind.COORDINATE and profile.coordinate_format == "long_decimal":
        return _degrees
    if column.kind in {Kind.CODE, Kind.COUNT} and profile.number_format == "integer_or_point_zero":
        return _whole
    if column.kind is Kind.REGION and profile.region_codes == "kemendagri":
        places = dict(region_pairs(city))
        return lambda text: _region(text, places)
    return None


def _both_numbers(pairs: Mapping[str, str], profile: Profile) -> dict[str, str]:
    """A code map that knows `1.0` for `1` where the profile writes numbers so."""
    if profile.number_format == "integer":
        return dict(pairs)
    return dict(pairs) | {f"{text}.0": code for text, code in pairs.items() if text.isdecimal()}


def _looked_up(text: nw.Expr, pairs: Mapping[str, str], otherwise: nw.Expr) -> nw.Expr:
    found = text.replace_strict(list(pairs), list(pairs.values()), default=None, return_dtype=nw.String)
    return nw.coalesce(found, otherwise)


def _day_rule(sep: str) -> Rule:
    def rule(text: nw.Expr) -> nw.Expr:
        is_day = text.str.contains(rf"\A[0-9]{{2}}{sep}[0-9]{{2}}{sep}[0-9]{{4}}\z")
        dash, year, month = nw.lit("-"), text.str.slice(6, 4), text.str.slice(3, 2)
        day = nw.concat_str(year, dash, month, dash, text.str.slice(0, 2))
        return nw.when(is_day).then(day).otherwise(nw.lit(NOT_KNOWN))

    return rule


def _moment(text: nw.Expr) -> nw.Expr:
    """A moment without its milliseconds; `Z` is the offset +00:00."""
    offset = text.str.slice(OFFSET, 6)
    offset = nw.when(offset == "Z").then(nw.lit("+00:00")).otherwise(offset)
    cut = nw.concat_str(text.str.slice(0, SECONDS), offset)
    return nw.when(text.str.contains(MOMENT_PARTS)).then(cut).otherwise(text)


def _degrees(text: nw.Expr) -> nw.Expr:
    """Degrees with more decimals than the contract keeps, cut to eight: a millimetre."""
    for whole in range(1, 5):
        is_long = text.str.contains(rf"\A[-0-9][0-9]{{{whole - 1}}}\.[0-9]{{9,20}}\z")
        text = nw.when(is_long).then(text.str.slice(0, whole + 9)).otherwise(text)
    return text


def _whole(text: nw.Expr) -> nw.Expr:
    """A whole number that a spreadsheet wrote with `.0`."""
    is_whole = text.str.contains(r"\A[0-9]{1,9}\.0\z")
    return nw.when(is_whole).then(text.str.replace_all(".0", "", literal=True)).otherwise(text)


def _region(text: nw.Expr, places: Mapping[str, str]) -> nw.Expr:
    """A Kemendagri code, with or without dots, as the BPS code; another city's stays as it is."""
    digits = text.str.replace_all(".", "", literal=True)
    return _looked_up(digits, places, digits)


def region_pairs(city: City) -> Iterable[tuple[str, str]]:
    """The Kemendagri and BPS codes of the city's kecamatan and kelurahan, without dots."""
    for place in city.kelurahan:
        yield place.kecamatan_kemendagri.replace(".", ""), place.kecamatan_bps
        yield place.kemendagri.replace(".", ""), place.bps
