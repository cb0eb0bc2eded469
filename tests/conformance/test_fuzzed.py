"""Mutated files and requests: read rightly, or refused in words.

A few of each; `benchmarks/soak_fuzz.py` tries thousands.
"""

import hypothesis
import hypothesis.strategies as st
import pytest
from fuzzed import make_reader
from mutations import changes

FEW = {"CSV": 8, "TFRecord": 5}
READERS = (
    *("CSV", "Parquet", "NumPy", "images", "TFRecord", "pack"),
    *("checkpoint", "settings", "schema", "reading", "REST", "gRPC"),
)


@pytest.mark.parametrize("name", READERS)
def test_mutated(name, tmp_path):
    (tmp_path / "made").mkdir()
    (tmp_path / "read").mkdir()
    with make_reader(tmp_path / "made", name) as reader:

        @hypothesis.settings(
            max_examples=FEW.get(name, 20),
            database=None,
            suppress_health_check=list(hypothesis.HealthCheck),
            phases=[hypothesis.Phase.generate],
        )
        @hypothesis.given(st.integers(0, len(reader.seeds) - 1), changes)
        def try_one(which, drawn):
            reader.try_one(tmp_path / "read", which, drawn)

        try_one()
