"""NIK and family card numbers by their structure: region, date, serial, and against the person who bears them.

A number is permanent and may be older than what it is compared with, so nothing here rejects. Whether it is
made of 16 digits at all is for the column's own rule; other rows with the same or a similar number are `numbers`.
"""

# ruff: noqa: PLR2004 - the places and limits of the digits are the rules themselves

from dataclasses import dataclass

import narwhals as nw

from dtsen_pipeline.core.entities import BORN, CARD, NIK, SEX
from dtsen_pipeline.core.normalise import exactly
from dtsen_pipeline.core.rules.context import Context, Predicates, parts
from dtsen_pipeline.reference import provinces

LAST_DAYS = {month: 29 if month == 2 else 30 if month in (4, 6, 9, 11) else 31 for month in range(1, 13)}
SIXTEEN = exactly("[0-9]{16}")
PLACEHOLDERS = (
    *(str(digit) * 16 for digit in range(10)),
    "0123456789012345",
    "1234567890123456",
    "1234567812345678",
    "1234123412341234",
    "9876543210987654",
    "8765432187654321",
)
"""Numbers that forms are filled up with: one digit all over, or digits in a row."""


@dataclass(frozen=True)
class _Number:
    """The digits of a 16-digit number; every part is null where the text is no number or a placeholder."""

    text: nw.Expr
    is_sound: nw.Expr

    @classmethod
    def of(cls, text: nw.Expr) -> "_Number":
        return cls(text, text.str.contains(SIXTEEN) & ~text.is_in(PLACEHOLDERS))

    def pair(self, start: int) -> nw.Expr:
        """Two digits as an integer."""
        return nw.when(self.is_sound).then(self.text.str.slice(start, 2)).cast(nw.Int64)

    def is_nowhere(self, context: Context) -> nw.Expr:
        """The region is no province, its regency or district is 00, or it is a district that this city has not."""
        is_province = self.text.str.slice(0, 2).is_in(list(provinces()))
        is_zero = (self.text.str.slice(2, 2) == "00") | (self.text.str.slice(4, 2) == "00")
        districts = sorted({place.kecamatan_kemendagri.replace(".", "") for place in context.city.kelurahan})
        is_here = self.text.str.slice(0, 4) == context.city.kemendagri.replace(".", "")
        is_missing = is_here & ~self.text.str.slice(0, 6).is_in(districts)
        return self.is_sound & (~is_province | is_zero | is_missing)

    def is_outside(self, context: Context) -> nw.Expr:
        """The region exists and is not this city."""
        here = context.city.kemendagri.replace(".", "")
        return self.is_sound & (self.text.str.slice(0, 4) != here) & ~self.is_nowhere(context)

    @property
    def has_no_serial(self) -> nw.Expr:
        """The serial is 0000."""
        return self.is_sound & (self.text.str.slice(12, 4) == "0000")


def nik_rules(context: Context) -> Predicates:
    """A person's NIK: its structure, and against the birth date, the sex and the family card."""
    number, sex = _Number.of(nw.col(NIK)), nw.col(SEX)
    written = number.pair(6)
    is_woman = written > 40
    day, month = nw.when(is_woman).then(written - 40).otherwise(written), number.pair(8)
    born_year, born_month, born_day = parts(nw.col(BORN))
    differs = (day != born_day) | (month != born_month) | (number.pair(10) != born_year % 100)
    return {
        "W_NIK_PLACEHOLDER": number.text.is_in(PLACEHOLDERS),
        "W_NIK_DATE": _is_no_day(day, month),
        "W_NIK_BIRTHDATE": differs,
        "W_NIK_SEX": (is_woman & (sex == 1)) | (~is_woman & (sex == 2)),
        "W_NIK_REGION": number.is_outside(context),
        "W_NIK_REGION_UNKNOWN": number.is_nowhere(context),
        "W_NIK_SERIAL": number.has_no_serial,
        "W_NIK_IS_CARD": number.is_sound & (number.text == nw.col(CARD)),
    }


def card_rules(context: Context) -> Predicates:
    """The family card number of a family or a visit by its structure."""
    number = _Number.of(nw.col(CARD))
    return {
        "W_KK_PLACEHOLDER": number.text.is_in(PLACEHOLDERS),
        "W_KK_DATE": _is_no_day(number.pair(6), number.pair(8)),
        "W_KK_REGION": number.is_outside(context),
        "W_KK_REGION_UNKNOWN": number.is_nowhere(context),
        "W_KK_SERIAL": number.has_no_serial,
    }


def _is_no_day(day: nw.Expr, month: nw.Expr) -> nw.Expr:
    """No year has this day; two digits of a year leave open whether it was a leap year."""
    last = month.replace_strict(list(LAST_DAYS), list(LAST_DAYS.values()), default=0, return_dtype=nw.Int64)
    return (day < 1) | (day > last)
