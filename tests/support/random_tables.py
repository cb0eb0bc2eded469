"""Random tables of texts, as CSV files hold them: columns of any kind."""

import datetime

import pandas as pd
from hypothesis import strategies as st

ODD = (
    *("a, b", 'say "so"', "Köln", "Ærø; x", "c|d", "two\nlines", "it's", "-"),
    *("1 m", "3 %", "{}", "%d", "=1+1", "=", "..", "a..b", "東京"),
)
BOOLEANS = (
    *(("false", "true"), ("False", "True"), ("FALSE", "TRUE"), ("N", "Y")),
    *(("no", "yes"), ("No", "Yes"), ("NO", "YES"), ("n", "y"), ("0", "1")),
)
DAYS = (
    *("%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%m/%d/%Y"),
    *("%d/%m/%Y", "%d-%m-%Y"),
)
TIMES = (
    *(" %H:%M", " %H:%M:%S", "T%H:%M", "T%H:%M:%S", "T%H:%M:%SZ"),
    *(" %H:%M:%S.%f", "T%H:%M:%S.%fZ"),
)
GAPS = ("", "NA", "N/A", "nan", "null", "?", "<NA>")
NAMES = (
    *(f"n{i}" for i in range(9)),
    *("a", "b", "größe", "x, y", 'the "z"', "A", "weight (kg)", "x=1"),
    *("two\nlines", "100%", "{n}"),
)
FIRST_DAY = datetime.datetime(1000, 1, 1)
WITH_FRACTIONS = (datetime.datetime(1700, 1, 1), datetime.datetime(2200, 1, 1))

ROWS = st.integers(2, 40)


def whole(draw, rows):
    """Whole numbers of one size."""
    most = draw(st.sampled_from([3, 9, 1000, 2**40, 2**53, 2**63 - 1]))
    return listed(draw, st.integers(-most, most).map(str), rows)


def fixed(draw, rows):
    """Decimals with equally many digits behind the point."""
    digits = draw(st.integers(1, 4))
    numbers = st.integers(-(10**7), 10**7).map(
        lambda n: f"{n / 10**digits:.{digits}f}"
    )
    return listed(draw, numbers, rows)


def full(draw, rows):
    """Decimals of full precision."""
    # 0 and -0 are one number, which has one code where it is frequent.
    finite = st.floats(allow_nan=False, allow_infinity=False)
    numbers = finite.map(lambda number: repr(number + 0.0))
    return listed(draw, numbers, rows)


def boolean(draw, rows):
    """False and true in one spelling."""
    return listed(draw, st.sampled_from(draw(st.sampled_from(BOOLEANS))), rows)


def text(draw, rows):
    """Few texts, odd ones too; or one for almost all rows."""
    simple = st.text("abcxyz é", min_size=1, max_size=5).map(
        lambda text: f"t{text.strip()}"
    )
    one = st.one_of(st.sampled_from(ODD), simple)
    few = draw(st.lists(one, min_size=2, max_size=5, unique=True))
    cells = listed(draw, st.sampled_from(few), rows)
    if draw(st.booleans()):
        cells[1:] = [few[0]] * (rows - 1)
    return cells


def zeros(draw, rows):
    """Codes with leading zeros."""
    most = draw(st.sampled_from([3, 9999]))
    return listed(draw, st.integers(0, most).map("{:05d}".format), rows)


def dates(draw, rows):
    """Days in one format."""
    form = draw(st.sampled_from(DAYS))
    days = st.datetimes(FIRST_DAY).map(lambda day: day.strftime(form))
    return listed(draw, days, rows)


def times(draw, rows):
    """Days with times in one format."""
    form = draw(st.sampled_from(DAYS)) + draw(st.sampled_from(TIMES))
    # 64-bit floats hold microseconds of 285 years before and after 1970.
    ends = WITH_FRACTIONS if "%f" in form else (FIRST_DAY,)
    days = st.datetimes(*ends).map(lambda day: day.strftime(form))
    return listed(draw, days, rows)


def ids(draw, rows):
    """What counts the rows, in texts or numbers."""
    form = draw(st.sampled_from(["{}", "C-{:04d}", "{:03d}/b", "k {} %"]))
    start = draw(st.sampled_from([0, 1, 7, 99]))
    return [form.format(i) for i in range(start, start + rows)]


def constant(draw, rows):
    """One text, number or nothing."""
    return [draw(st.sampled_from(["v2", "7", "1.50", "", "true", *ODD]))] * rows


COLUMNS = (
    *(whole, fixed, full, boolean, text),
    *(zeros, dates, times, ids, constant),
)


def listed(draw, cells, rows):
    """As many cells as there are rows."""
    return draw(st.lists(cells, min_size=rows, max_size=rows))


@st.composite
def tables(draw, kinds=None, rows=ROWS):
    """A frame of texts, as a CSV file has them; gaps are marked in one way.

    Args:
        kinds: functions that draw a column each; by default 1 to 8 of any.
        rows: how many rows there are.
    """
    rows = draw(rows)
    if kinds is None:
        kinds = draw(st.lists(st.sampled_from(COLUMNS), min_size=1, max_size=8))
    names = draw(st.permutations(NAMES))
    frame = {}
    for name, kind in zip(names, kinds, strict=False):
        cells = kind(draw, rows)
        if any(cells) and draw(st.booleans()):
            mark = draw(st.sampled_from(GAPS))
            gaps = listed(draw, st.integers(0, 4), rows)
            cells = [
                mark if gap == 4 else cell
                for gap, cell in zip(gaps, cells, strict=True)
            ]
        frame[name] = cells
    return pd.DataFrame(frame, dtype=str)
