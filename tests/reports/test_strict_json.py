import json

import numpy as np

from tfgen.reports.strict_json import to_json


def refuse(constant):
    raise AssertionError(f"{constant} is no JSON")


def test_json_has_numbers_and_null_alone():
    value = {
        1: np.float32(0.5),
        "bad": [float("nan"), np.float64("inf"), -float("inf")],
        "whole": np.int64(3),
        "yes": np.bool_(True),
        "text": "NaN",
    }
    read = json.loads(to_json(value), parse_constant=refuse)
    assert read == {
        "1": 0.5,
        "bad": [None] * 3,
        "whole": 3,
        "yes": True,
        "text": "NaN",
    }
