"""The page: what it says, what it asks for, what a browser makes of it."""

import dataclasses
import html.parser
import re
import shutil
import subprocess

import pytest

from tfgen.tuning.report.html_report import write_report

COMMAND = "tfgen train --from 'a & b/best.json' --out <run>"


class Page(html.parser.HTMLParser):
    """Text of the page, its pictures, and how often each trial is drawn."""

    def __init__(self, path):
        super().__init__()
        self.text, self.pictures, self.drawn = "", [], {}
        self.source = path.read_text(encoding="utf-8")
        self.feed(self.source)

    def handle_starttag(self, tag, attributes):
        assert tag not in ("link", "iframe", "object", "base")
        found = dict(attributes)
        assert not {"href", "srcset", "data", "onload"} & set(found)
        if "src" in found:
            assert tag == "img"
            assert found["src"].startswith("data:image/png;base64,")
            self.pictures.append(found["src"])
        if "data-trial" in found:
            self.drawn.setdefault(found["data-trial"], []).append(
                (tag, found["class"])
            )

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
    # Line, score over trials, five slices, learning curve, row of the table.
    wanted = ["path", "circle", *["circle"] * 5, "path", "tr"]
    for record in records:
        drawn = page.drawn[record.trial_id]
        if record.status == "completed":
            assert [tag for tag, _ in drawn] == wanted
        else:  # no slices; a cross over trials
            assert [t for t, _ in drawn] == ["path", "path", "path", "tr"]
        is_best = record is best
        assert all(("best" in kind.split()) == is_best for _, kind in drawn)
    assert "http" not in page.source.replace("http-equiv", "")
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
    assert len(page.drawn) == len(page.pictures) == count
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


def test_places_on_the_axes(write, make_records):
    """Read from the page; a trial without a width has none."""
    records = make_records(4, files=False)
    page = write(records).read_text(encoding="utf-8")
    for record in records:
        found = re.search(
            rf'data-trial="{record.trial_id}" d="[^"]*" data-at="([^"]*)"', page
        )
        rate, _, network, ema, width, _ = found[1].split(",")
        # A hundredth of the range of 1e-4 to 1e-2 is 10 ** 0.02.
        value = 1e-4 * 100 ** float(rate)
        assert value == pytest.approx(record.values["learning_rate"], rel=1e-3)
        names = {"mlp": 1 / 6, "conv": 0.5, "resnet": 5 / 6}
        wanted = names[record.values["network"]]
        assert float(network) == pytest.approx(wanted, abs=1e-4)
        assert (ema == "0.2500") == record.values["ema"]
        assert (width == "") == ("width" not in record.values)


def test_hyperparameters_that_the_space_does_not_name(write, make_records):
    import keras_tuner

    space = keras_tuner.HyperParameters()
    page = Page(write(make_records(6, files=False), hyperparameters=space))
    assert page.source.count('class="dimension"') == 7


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
    tags = [[t for t, _ in page.drawn[r.trial_id]] for r in records]
    assert [found.count("path") for found in tags] == [2, 1, 2]


@pytest.mark.skipif(not shutil.which("chromium"), reason="needs chromium")
def test_a_browser_points_filters_and_sorts(tmp_path, write, make_records):
    """A second script, put into the page, does what a reader would."""
    path = write(make_records(12))
    script = """<script>addEventListener("load", () => {
      const one = (s) => document.querySelector(s);
      const move = (type, target, y, x = 0) => target.dispatchEvent(
        new PointerEvent(type, { bubbles: true, clientX: x, clientY: y,
          pointerId: 1 }));
      const said = [[...document.images].filter(i => i.naturalWidth).length];
      move("pointermove", one('.parallel [data-trial="03"]'), 0);
      said.push(document.querySelectorAll("svg .lit").length);
      said.push(one("#tip").textContent.includes("learning_rate"));
      const grip = one('[data-index="2"] .grip');  // networks
      grip.setPointerCapture = () => {};
      const box = grip.getBoundingClientRect();
      move("pointerdown", grip, box.top);
      move("pointermove", grip, box.top + box.height * 0.35);
      move("pointerup", grip, box.top + box.height * 0.35);
      said.push(one("#kept").textContent);
      said.push([...document.querySelectorAll("#trials tbody tr:not(.out)")]
        .map(r => r.cells[5].textContent).sort()[0]);
      const head = [...document.querySelectorAll("#trials th")][3];
      head.click();
      const rates = [...document.querySelectorAll("#trials tbody tr")]
        .map(r => +r.cells[3].dataset.value);
      said.push(rates.every((v, i) => !i || rates[i - 1] <= v));
      document.title = JSON.stringify(said);
    });</script></body>"""
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("</body>", script), encoding="utf-8")
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
    networks = [r.values["network"] for r in make_records(12)]
    kept = f"{networks.count('resnet')} of 12 trials are left."
    said = re.search("<title>(.*?)</title>", done.stdout)[1]
    # Trial 03 in the svgs: its line and curve, each with its wide double,
    # score over trials and five slices.
    assert said == f'[6,10,true,"{kept}","resnet",true]'
