"""Tables as real files hold them, each by the number of its seed alone.

Unlike those that hypothesis draws, one is the same whatever was imported or
tried before, so that its number is all that a report of it has to say:

    python tests/support/real_tables.py 17    # shows it
"""

import datetime
import decimal
import pathlib
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

ODD_TEXTS = (
    *("a, b", 'say "so"', "two\nlines", "Köln", "x;y", "a|b", "tab\there"),
    *(
        "it's",
        "-",
        "=1+1",
        "{}",
        "%d",
        "東京",
        "..",
        "a..b",
        "N/A of",
        "x" * 300,
    ),
)
WORDS = ("red", "green", "blue", "black", "white", "grey", "pink", "cyan")
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata")
UNITS = ("s", "ms", "us", "ns")
NAMES = (
    *("age", "sum (EUR)", "größe", "x, y", 'the "z"', "A", "a", "x=1"),
    *("two\nlines", "100%", "{n}", "n0", "date", "kind", "value.1", "label"),
)
FEW = (
    *(["false", "true"], ["False", "True"], ["TRUE", "FALSE"], ["no", "yes"]),
    *(["N", "Y"], ["0", "1"], ["t", "f"], ["on", "off"]),
)


def whole(rng, rows):
    """Whole numbers of any of NumPy's types, up to all that it holds."""
    dtype = rng.choice(["int8", "uint8", "int16", "int32", "int64", "uint64"])
    info = np.iinfo(dtype)
    most = min(int(rng.choice([2, 9, 100, 2**31, 2**53])), info.max)
    low = 0 if info.min == 0 else -min(most, info.max)
    values = rng.integers(low, min(most, info.max), rows, dtype, endpoint=True)
    return pd.Series(values)


def whole_with_gaps(rng, rows):
    """Whole numbers as pandas has them beside gaps: nullable, or decimals."""
    values = rng.integers(0, int(rng.choice([3, 50, 10**6, 2**53])), rows)
    gaps = some_gaps(rng, rows)
    dtype = rng.choice(["Int64", "Int8", "UInt16", "float64"])
    if dtype in ("Int8", "UInt16"):
        values %= 120
    found = pd.Series(values).astype(dtype)
    found[gaps] = np.nan if dtype == "float64" else pd.NA
    return found


def decimals(rng, rows):
    """Numbers of a fixed number of digits, of a few sizes."""
    digits = int(rng.integers(1, 5))
    values = np.round(rng.normal(0, 10.0 ** rng.integers(0, 6), rows), digits)
    return with_gaps(rng, pd.Series(values + 0.0))


def spread(rng, rows):
    """Numbers of both signs over hundreds of orders of magnitude."""
    most = float(rng.choice([5, 30, 150, 300]))
    values = 10.0 ** rng.uniform(-most, most, rows)
    values *= rng.choice([-1, 1], rows)
    return with_gaps(rng, pd.Series(values))


def extreme(rng, rows):
    """Numbers of which squares are beyond 64 bits, or that are nearly 0."""
    tiny = np.finfo(float).tiny
    ends = [0.0, -0.0, 1e200, -1e200, tiny, -tiny, 5e-324, 1.0]
    return pd.Series(rng.choice(ends, rows))


def zeros(rng, rows):
    """Zeros of both signs, alone or beside others."""
    return pd.Series(
        rng.choice([0.0, -0.0, 1.5, -2.0][: rng.integers(2, 5)], rows)
    )


def narrow(rng, rows):
    """Numbers that differ in their last digits alone."""
    far = float(rng.choice([1.0, 1e6, 1e15, -1e9]))
    return pd.Series(far + rng.integers(0, 50, rows) * np.spacing(far))


def single(rng, rows):
    """32 bits a number."""
    values = rng.normal(0, 10.0 ** rng.integers(-30, 30), rows)
    return with_gaps(rng, pd.Series(values.astype(np.float32)))


def mostly_zero(rng, rows):
    """A sum that is 0 for most, with a long tail."""
    values = np.where(rng.random(rows) < 0.8, 0, rng.lognormal(8, 2, rows))
    return with_gaps(rng, pd.Series(values.round(2)))


def truth(rng, rows):
    """False and true, with gaps or without."""
    values = pd.Series(rng.random(rows) < rng.random())
    if rng.random() < 0.5:
        return values
    values = values.astype(rng.choice(["boolean", "object"]))
    values[some_gaps(rng, rows)] = pd.NA if values.dtype == "boolean" else None
    return values


def truth_in_text(rng, rows):
    """Two texts, many of which pandas takes for truth values."""
    pair = FEW[rng.integers(len(FEW))]
    return with_gaps(rng, pd.Series(rng.choice(pair, rows), dtype="str"))


def texts(rng, rows):
    """A few texts, odd ones too."""
    pool = [*WORDS, *ODD_TEXTS]
    few = rng.choice(pool, rng.integers(1, 7), replace=False).astype(object)
    return with_gaps(rng, pd.Series(rng.choice(few, rows), dtype="str"))


def spaced(rng, rows):
    """Texts that differ in spaces or case alone, or are empty or look so."""
    pool = ["a", "A", " a", "a ", "", " ", "NA", "None", "null", "?", "nan"]
    few = rng.choice(pool, 4, replace=False).astype(object)
    return with_gaps(rng, pd.Series(rng.choice(few, rows), dtype="str"))


def rare(rng, rows):
    """One text for all rows but one or two."""
    values = np.full(rows, "common", object)
    values[rng.integers(0, rows, 2)] = rng.choice(["rare", "a, rare one"])
    return with_gaps(rng, pd.Series(values, dtype="str"))


def high_cardinality(rng, rows):
    """A text of its own for most rows."""
    values = [f"{rng.choice(WORDS)} {i}" for i in rng.integers(0, 9999, rows)]
    return with_gaps(rng, pd.Series(values, dtype="str"))


def codes(rng, rows):
    """Codes in digits, some with leading zeros or signs."""
    form = rng.choice(["{:05d}", "{:d}", "+{:d}", "{:d}e1", "{:020d}", "-{:d}"])
    most = int(rng.choice([4, 10**5]))
    values = [form.format(i) for i in rng.integers(0, most, rows)]
    return with_gaps(rng, pd.Series(values, dtype="str"))


def categories(rng, rows):
    """A categorical column of texts or numbers, some unused, ordered or not."""
    count = int(rng.integers(1, 7))
    kinds = [
        *(WORDS[:count], [*range(1, count + 1)]),
        *([i / 2 for i in range(count)], [False, True][:count]),
    ]
    known = kinds[rng.integers(len(kinds))]
    used = rng.integers(0, max(1, len(known) - 1), rows)
    used[some_gaps(rng, rows)] = -1
    ordered = bool(rng.random() < 0.3)
    return pd.Series(pd.Categorical.from_codes(used, known, ordered))


def dates(rng, rows):
    """Moments in any of pandas' units, with a zone or without."""
    unit = str(rng.choice(UNITS))
    step = int(rng.choice([86400, 3600, 1]))
    # 64-bit floats hold microseconds of 285 years before and after 1970.
    fractions = unit in ("us", "ns") and rng.random() < 0.5
    ends = (
        (-90000, 80000) if fractions or unit == "ns" else (-(10**5), 3 * 10**5)
    )
    days = rng.integers(*ends, rows) * 86400
    seconds = days + rng.integers(0, 86400 // step, rows) * step
    found = pd.Series(seconds.astype("datetime64[s]")).astype(
        f"datetime64[{unit}]"
    )
    if fractions:
        found += pd.to_timedelta(rng.integers(0, 10**6, rows), unit="us")
    if rng.random() < 0.5:
        found = found.dt.tz_localize("UTC").dt.tz_convert(rng.choice(ZONES))
    return with_gaps(rng, found)


def days(rng, rows):
    """Python's dates, which Parquet has as date32."""
    first = datetime.date(1950, 1, 1)
    found = [
        first + datetime.timedelta(int(i)) for i in rng.integers(0, 40000, rows)
    ]
    return with_gaps(rng, pd.Series(found, dtype=object))


def dates_in_text(rng, rows):
    """Dates in some form, with times or zones."""
    form = rng.choice(
        [
            *("%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%Y%m%d", "%d %b %Y"),
            *("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S+02:00", "%H:%M"),
            *("%Y-%m-%d %H:%M:%S.%f", "%Y-%m", "%Y-%m-%dT%H:%M"),
        ]
    )
    seconds = rng.integers(0, 2**31, rows)
    found = pd.Series(seconds.astype("datetime64[s]")).dt.strftime(str(form))
    if form.endswith("+02:00") and rng.random() < 0.5:
        found = found.str[:-6] + rng.choice(["+02:00", "+01:00"], rows)
    return with_gaps(rng, found.astype("str"))


def money(rng, rows):
    """Python's decimals, which Parquet has as decimal128."""
    found = [
        decimal.Decimal(int(i)).scaleb(-2)
        for i in rng.integers(-(10**6), 10**7, rows)
    ]
    return with_gaps(rng, pd.Series(found, dtype=object))


def nothing(rng, rows):
    """Gaps alone, of any type."""
    dtype = rng.choice(["float64", "object", "Int64", "str", "boolean"])
    kind = str(rng.choice([dtype, "datetime64[ns]", "category"]))
    return pd.Series([None] * rows, dtype=kind)


def constant(rng, rows):
    """One value, or one beside gaps."""
    values = [7, 1.5, "v2", True, "2020-01-31", pd.Timestamp("2020-01-31"), 0.1]
    value = values[rng.integers(len(values))]
    return with_gaps(rng, pd.Series([value] * rows))


def ids(rng, rows):
    """What counts the rows."""
    form = rng.choice(["{}", "C-{:04d}", "{:03d}/b"])
    first = int(rng.choice([0, 1, 99]))
    found = [form.format(i) for i in range(first, first + rows)]
    if form == "{}" and rng.random() < 0.5:
        return pd.Series(map(int, found))
    return pd.Series(found, dtype="str")


def few_whole(rng, rows):
    """Answers of a survey."""
    values = pd.Series(rng.integers(1, int(rng.integers(2, 9)), rows))
    return with_gaps(
        rng, values.astype(rng.choice(["int64", "Int64", "float64"]))
    )


KINDS = (
    *(whole, whole_with_gaps, decimals, spread, extreme, zeros, narrow),
    *(single, mostly_zero, truth, truth_in_text, texts, spaced, rare),
    *(high_cardinality, codes, categories, dates, days, dates_in_text),
    *(money, nothing, constant, ids, few_whole),
)


def some_gaps(rng, rows):
    """Which rows have a gap: none, few, or all but one."""
    share = rng.choice([0, 0.1, 0.5, 0.95])
    gaps = rng.random(rows) < share
    gaps[rng.integers(rows)] = False
    return gaps


def with_gaps(rng, series):
    """A column with gaps or, for half of them, without."""
    gaps = some_gaps(rng, len(series))
    if rng.random() < 0.5 or not gaps.any():
        return series
    return series.mask(gaps)


def real_table(seed: int) -> pd.DataFrame:
    """A frame of 3 to 200 rows and 1 to 8 columns of any kind."""
    rng = np.random.default_rng(seed)
    rows = int(rng.choice([3, 4, 10, 30, 60, 200]))
    names = rng.permutation(np.array(NAMES, object))
    kinds = rng.integers(0, len(KINDS), rng.integers(1, 9))
    return pd.DataFrame(
        {
            name: KINDS[kind](rng, rows)
            for name, kind in zip(names, kinds, strict=False)
        }
    )


def write(frame: pd.DataFrame, path: pathlib.Path) -> None:
    """Writes a table as CSV or Parquet, by its suffix."""
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    else:
        pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), path)


if __name__ == "__main__":
    with pd.option_context("display.max_rows", None, "display.width", 200):
        print(real_table(int(sys.argv[1])))
        print(real_table(int(sys.argv[1])).dtypes)
