"""The two files, from evaluations made by hand."""

import html.parser
import json
import math
import shutil
import subprocess

import numpy as np
import pytest

from tfgen.evaluation import Evaluation, Section, write_html, write_json
from tfgen.metrics import Measurement

NASTY = "a & <b>"


def evaluation(name, value, fingerprint="f"):
    section = Section(
        "Sample quality",
        (
            Measurement(
                "frechet_distance",
                value,
                "lower",
                spread=0.25,
                spread_of="3 sets of samples",
                floor=1.5,
                details={"num_real": np.int64(7), "extractor": "none"},
            ),
            Measurement("kl", np.float32(2.0), unit="nats"),
        ),
        {
            "samples": np.full((9, 5, 1), len(name) * len(fingerprint), "u1"),
            "data": np.zeros((3, 4, 3), np.uint8),
        },
        ("something <odd>",),
    )
    return Evaluation(
        name, "VAE", "digits, test", fingerprint, (section,), {"all": 1.0}
    )


def test_json_is_plain(tmp_path):
    path = tmp_path / "report.json"
    runs = [evaluation("one", 3.25), evaluation("two", math.nan)]
    write_json(path, runs, {"seed": 0})
    report = json.loads(path.read_text())
    assert report["seed"] == 0
    first, second = (run["sections"][0] for run in report["runs"])
    assert first["measurements"][0] == {
        "name": "frechet_distance",
        "value": 3.25,
        "better": "lower",
        "spread": 0.25,
        "spread_of": "3 sets of samples",
        "floor": 1.5,
        "unit": "",
        "details": {"num_real": 7, "extractor": "none"},
    }
    assert first["measurements"][1]["value"] == 2.0
    assert first["notes"] == ["something <odd>"]
    assert second["measurements"][0]["value"] is None


class Page(html.parser.HTMLParser):
    """Text of the page, its pictures, and what it asks for."""

    def __init__(self, path):
        super().__init__()
        self.text, self.pictures, self.tags, self.bold = "", [], [], []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        for name, value in attributes:
            assert name not in ("href", "srcset", "data", "onload"), value
            if name == "src":
                assert value.startswith("data:image/png;base64,")
                self.pictures.append(value)

    def handle_data(self, data):
        self.text += data
        if self.tags[-1:] == ["b"]:
            self.bold.append(data.strip())


def test_page_of_one_run(tmp_path):
    path = tmp_path / "report.html"
    write_html(path, [evaluation(NASTY, 3.25)], {"command": "tfgen <x>"})
    page = Page(path)
    assert NASTY in page.text and "something <odd>" in page.text
    assert "tfgen <x>" in page.text
    assert "Frechet distance" in page.text and "3.25" in page.text
    assert "num real 7" in page.text
    assert len(page.pictures) == 2
    assert "Which is better" not in page.text
    assert not {"script", "link", "iframe"} & set(page.tags)


def test_page_of_two_runs(tmp_path):
    path = tmp_path / "report.html"
    runs = [evaluation("one", 3.25), evaluation("other", 9.5)]
    write_html(path, runs, {})
    page = Page(path)
    assert "Which is better at what" in page.text
    assert "one: Frechet distance" in page.text
    assert "other: nothing alone" in page.text
    assert "3.25" in page.bold and "9.5" not in page.bold
    assert len(page.pictures) == 3  # the data, the same of both, once
    assert "do not compare" not in page.text


def test_warns_of_other_data(tmp_path):
    path = tmp_path / "report.html"
    runs = [evaluation("one", 3.25), evaluation("two", 9.5, "other")]
    write_html(path, runs, {})
    page = Page(path)
    assert "their numbers do not compare" in page.text
    assert "Which is better" not in page.text and "3.25" not in page.bold


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_page_with_a_number_that_is_not_finite(tmp_path, value):
    path = tmp_path / "report.html"
    write_html(path, [evaluation("one", value)], {})
    assert "not finite" in Page(path).text


@pytest.mark.skipif(not shutil.which("chromium"), reason="needs chromium")
def test_a_browser_shows_every_picture(tmp_path):
    path = tmp_path / "report.html"
    write_html(path, [evaluation("one", 3.25), evaluation("other", 9.5)], {})
    # The page has no script and allows none; this one counts what was drawn.
    count = (
        "<script>addEventListener('load', () => document.title = "
        "[...document.images].map(i => i.naturalWidth).join())</script>"
    )
    text = path.read_text().replace("</body>", count + "</body>")
    allowed = "default-src 'none'; script-src 'unsafe-inline'"
    path.write_text(text.replace("default-src 'none'", allowed))
    done = subprocess.run(
        [
            "chromium",
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            f"--user-data-dir={tmp_path / 'profile'}",
            "--virtual-time-budget=5000",
            "--dump-dom",
            path.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "<title>5,5,4</title>" in done.stdout
