"""The page: what it says, what it asks for, what a browser makes of it."""

import dataclasses
import html.parser
import re
import shutil
import subprocess

import pytest

from tfgen.tuning.report.html_report import write_report

OVER_TRIALS = "Score of each trial, and the best until then"
OVER_EPOCHS = "The objective over the epochs of each trial"
COMMAND = "tfgen train --from 'a & b/best.json' --out <run>"


class Page(html.parser.HTMLParser):
    """Text of the page, its pictures, its plots and the rows of trials."""

    def __init__(self, path):
        super().__init__()
        self.text, self.pictures, self.plots, self.rows = "", [], [], {}
        self.source = path.read_text(encoding="utf-8")
        self.feed(self.source)

    def handle_starttag(self, tag, attributes):
        assert tag not in ("link", "iframe", "object", "base", "script")
        found = dict(attributes)
        assert not {"href", "srcset", "data", "onload"} & set(found)
        assert found.get("xlink:href", "#").startswith("#")
        if "src" in found:
            assert tag == "img"
            assert found["src"].startswith("data:image/png;base64,")
            self.pictures.append(found["src"])
        if found.get("role") == "img":
            self.plots.append(found["aria-label"])
        if "data-trial" in found:
            self.rows[found["data-trial"]] = found["class"]

    def handle_data(self, data):
        self.text += data


@pytest.fixture
def write(tmp_path, space):
    def write(records, direction="min", hyperparameters=space):
        path = tmp_path / "report.html"
        write_report(
            path,
            records,
            objective_name="val_loss",
            direction=direction,
            hyperparameters=hyperparameters,
            summary={"model": "vae", "data": "digits <all>"},
            command=COMMAND,
            tensorboard="tensorboard --logdir 'a & b'",
        )
        return path

    return write


def test_thirty_trials(write, make_records):
    records = make_records()
    page = Page(write(records))
    best = min(
        (r for r in records if r.score is not None), key=lambda r: r.score
    )
    assert f"Best trial: {best.trial_id}" in page.text
    assert COMMAND in page.text and "digits <all>" in page.text
    assert "28 completed, 2 failed" in page.text
    assert page.text.count(records[5].reason) == 2  # of 5 and of 11
    assert len(page.pictures) == 6
    assert "tensorboard --logdir 'a & b'" in page.text
    for record in records:
        wanted = f"{record.status} best" if record is best else record.status
        assert page.rows[record.trial_id].strip() == wanted
    assert next(iter(page.rows)) == best.trial_id
    assert len(page.plots) == 7  # over trials and epochs, and of five axes
    assert "default-src 'none'" in page.source


def test_best_by_direction(write, make_records):
    records = make_records(8, files=False)
    worst = max(
        (r for r in records if r.score is not None), key=lambda r: r.score
    )
    page = Page(write(records, "max"))
    assert f"Best trial: {worst.trial_id}" in page.text
    assert "higher is better" in page.text


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_trials(write, make_records, count):
    page = Page(write(make_records(count)))
    assert len(page.rows) == len(page.pictures) == count
    assert ("No trial has completed" in page.text) == (count == 0)


@pytest.mark.parametrize("status", ["failed", "running", "waiting"])
def test_no_trial_has_completed(write, make_records, status):
    records = [
        dataclasses.replace(
            record, status=status, score=None, metrics={}, best_epoch=None
        )
        for record in make_records(3)
    ]
    page = Page(write(records))
    assert "No trial has completed" in page.text
    assert f"3 {status}" in page.text and not page.pictures
    assert page.plots == [OVER_TRIALS, OVER_EPOCHS]


def test_a_score_far_off_is_said(write, make_records):
    records = make_records(12, files=False)
    records[3] = dataclasses.replace(records[3], score=1e12)
    assert "1 score is so far off" in Page(write(records)).text


def test_broken_files_are_left_out(write, make_records):
    records = make_records(3)
    (records[0].folder / "samples.png").write_bytes(b"no picture")
    (records[1].folder / "history.csv").write_text("epoch\nno,number\n")
    page = Page(write(records))
    assert len(page.pictures) == 2
    assert "worst" in page.text  # of the curves of trials 0 and 2
    for number in (0, 2):
        (records[number].folder / "history.csv").write_text("epoch\nno\n")
    page = Page(write(records))
    assert OVER_EPOCHS not in page.plots
    assert "No trial has val_loss in its history.csv" in page.text


def test_equal_searches_give_equal_pages(write, make_records):
    records = make_records(12)
    first = write(records).read_bytes()
    assert write(records).read_bytes() == first


def test_names_are_text(write, make_records):
    """Neither formulas nor HTML, in tables as in plots."""
    name = "a$b$ <i> & {x}"
    records = [
        dataclasses.replace(record, values={name: f"${i}$ <b>"})
        for i, record in enumerate(make_records(4, files=False))
    ]
    page = Page(write(records))
    assert f"The score by {name}" in page.plots
    # Setting of the best trial, importance, plot, column of the table.
    assert page.text.count(name) == 4
    assert "<i>" not in page.source and "$ <b>" not in page.source


@pytest.mark.skipif(not shutil.which("chromium"), reason="needs chromium")
def test_a_browser_shows_all(tmp_path, write, make_records):
    """The page has no script and allows none; this one says what is seen."""
    path = write(make_records(12))
    script = """<script>addEventListener("load", () => {
      const all = (s) => [...document.querySelectorAll(s)];
      const seen = (s) => all(s).filter(e => e.getClientRects().length).length;
      const said = [all("img").filter(i => i.naturalWidth).length];
      said.push(all("svg").filter(s => s.clientWidth > 200).length);
      said.push(document.documentElement.scrollWidth <= innerWidth);
      said.push(seen("th.metric"));
      document.querySelector("#metrics").click();
      said.push(seen("th.metric"));
      document.title = JSON.stringify(said);
    });</script></body>"""
    text = path.read_text(encoding="utf-8").replace("</body>", script)
    allowed = "default-src 'none'; script-src 'unsafe-inline'"
    text = text.replace("default-src 'none'", allowed)
    path.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [
            *("chromium", "--headless", "--no-sandbox", "--disable-gpu"),
            "--host-resolver-rules=MAP * ~NOTFOUND",
            f"--user-data-dir={tmp_path / 'profile'}",
            *("--virtual-time-budget=3000", "--dump-dom", path.as_uri()),
        ],
        capture_output=True,
        text=True,
        timeout=300,
    )
    said = re.search("<title>(.*?)</title>", done.stdout)[1]
    # Six pictures; over trials, over epochs and five hyperparameters.
    assert said == "[6,7,true,0,2]"
