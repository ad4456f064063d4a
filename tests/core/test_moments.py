"""Calendar arithmetic against the standard library."""

from datetime import UTC, date, datetime, timedelta, timezone

import narwhals as nw
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from dtsen_pipeline.core.moments import epoch_day, local_day, utc_second

EPOCH = date(1970, 1, 1)
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=OFFSETS)  # noqa: DTZ001


@settings(deadline=None, max_examples=60)
@given(st.lists(st.dates(), min_size=1))
def test_days_since_1970(days: list[date]) -> None:
    frame = pl.DataFrame({"y": [d.year for d in days], "m": [d.month for d in days], "d": [d.day for d in days]})
    found = nw.from_native(frame).select(day=epoch_day(nw.col("y"), nw.col("m"), nw.col("d")))
    assert found["day"].to_list() == [(day - EPOCH).days for day in days]


def test_every_day_of_two_leap_cycles() -> None:
    days = [date(1896, 1, 1) + timedelta(days=number) for number in range(0, 76_000, 7)]
    days += [date(year, 2, 28) + timedelta(days=step) for year in (1900, 2000, 2024, 2026, 2100) for step in (0, 1, 2)]
    test = pl.DataFrame({"y": [d.year for d in days], "m": [d.month for d in days], "d": [d.day for d in days]})
    found = nw.from_native(test).select(day=epoch_day(nw.col("y"), nw.col("m"), nw.col("d")))
    assert found["day"].to_list() == [(day - EPOCH).days for day in days]


@settings(deadline=None, max_examples=60)
@given(st.lists(MOMENTS, min_size=1))
def test_local_days_and_utc_seconds(moments: list[datetime]) -> None:
    whole = [moment.replace(microsecond=0) for moment in moments]
    frame = nw.from_native(pl.DataFrame({"at": [moment.isoformat() for moment in whole]}))
    found = frame.select(day=local_day(nw.col("at")), second=utc_second(nw.col("at")))
    assert found["day"].to_list() == [(moment.date() - EPOCH).days for moment in whole]
    origin = datetime(1970, 1, 1, tzinfo=UTC)
    assert found["second"].to_list() == [(moment - origin) // timedelta(seconds=1) for moment in whole]


def test_a_blank_moment_has_no_day() -> None:
    frame = nw.from_native(pl.DataFrame({"at": [None, "2026-09-21T00:30:00+07:00"]}))
    found = frame.select(day=local_day(nw.col("at")), second=utc_second(nw.col("at")))
    assert found["day"].to_list() == [None, 20717]
    assert found["second"].to_list() == [None, 1789925400]
