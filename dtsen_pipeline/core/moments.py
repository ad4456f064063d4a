"""Calendar arithmetic in whole numbers, equal on every engine: days since 1970-01-01 and seconds since then."""

import narwhals as nw

SECONDS_A_DAY = 86_400


def epoch_day(year: nw.Expr, month: nw.Expr, day: nw.Expr) -> nw.Expr:
    """Days since 1970-01-01 of a Gregorian date given as 64-bit integers (years 1 to 9999)."""
    shifted = nw.when(month <= 2).then(year - 1).otherwise(year)  # noqa: PLR2004 - years begin in March
    era, of_era = shifted // 400, shifted % 400
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    of_cycle = of_era * 365 + of_era // 4 - of_era // 100 + of_year
    return (era * 146_097 + of_cycle - 719_468).cast(nw.Int64)


def local_day(moment: nw.Expr) -> nw.Expr:
    """The local calendar day of a canonical moment text, as days since 1970-01-01."""
    return epoch_day(_number(moment, 0, 4), _number(moment, 5, 2), _number(moment, 8, 2))


def utc_second(moment: nw.Expr) -> nw.Expr:
    """A canonical moment text as seconds since 1970-01-01 00:00 UTC."""
    clock = _number(moment, 11, 2) * 3600 + _number(moment, 14, 2) * 60 + _number(moment, 17, 2)
    ahead = _number(moment, 20, 2) * 3600 + _number(moment, 23, 2) * 60
    offset = nw.when(moment.str.slice(19, 1) == "-").then(-ahead).otherwise(ahead)
    return (local_day(moment) * SECONDS_A_DAY + clock - offset).cast(nw.Int64)


def _number(text: nw.Expr, start: int, length: int) -> nw.Expr:
    return text.str.slice(start, length).cast(nw.Int64)
