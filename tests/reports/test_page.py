import json

import numpy as np

from tfgen.reports.page import page, table
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


def test_a_page_says_what_it_was_given():
    text = page("a & <b>", "<p>body</p>", "p { color: red }")
    assert text.count("a &amp; &lt;b&gt;") == 2  # title and heading
    assert "<p>body</p>" in text and "p { color: red }</style>" in text


def test_cells_are_text_unless_numbers():
    assert "<td>&lt;i&gt;</td>" in table(["<i>"], [["<i>"]])
    assert "<td><i></td>" in table(["<i>"], [["<i>"]], numbers=True)
    assert "<th>&lt;i&gt;</th>" in table(["<i>"], [["<i>"]], numbers=True)
