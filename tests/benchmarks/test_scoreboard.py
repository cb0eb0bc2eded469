"""The scoreboard keeps runs, makes none twice and writes the page."""

import importlib
import json
import pathlib

import pytest

BENCHMARKS = pathlib.Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(autouse=True)
def on_the_path(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))


@pytest.fixture
def report():
    return importlib.import_module("scoreboard.report")


@pytest.fixture
def make():
    """A family of one row whose number is 10 times the seed."""
    family = importlib.import_module("scoreboard.family")

    def make_family(epochs=3, measure=None, **options):
        return family.Family(
            name="tiny",
            title="Tiny numbers",
            protocol="Measured\nby hand.",
            columns=(family.Column("nats", "nats", ".1f"),),
            tasks=lambda seed: [
                {"row": "ours", "seed": seed, "epochs": epochs}
            ],
            measure=measure or (lambda folder, seed, **_: {"nats": 10 * seed}),
            **options,
        )

    return make_family


@pytest.fixture
def results(tmp_path):
    module = importlib.import_module("scoreboard.results")
    return module.Results(tmp_path / "quality")


def run(row, seed, nats, minutes=1.0):
    return {
        "row": row,
        "seed": seed,
        "nats": nats,
        "minutes": minutes,
        "date": "2020-01-02",
        "versions": "tfgen 1",
    }


def test_section(report, make):
    runs = [run("ours", 0, 3.0, 2.0), run("ours", 2, 5.0, 3.0)]
    runs.append(run("other", 0, 7.04))
    family = make(references=(("a paper", "1.0"),))
    # The standard deviation of 3 and 5 is the square root of 2.
    assert report.section(family, runs).splitlines() == [
        "## Tiny numbers",
        "",
        "Measured by hand.",
        "",
        "`python benchmarks/quality.py --only tiny --seeds 3`; 2020-01-02; "
        "tfgen 1.",
        "",
        "|  | nats | seeds | minutes |",
        "| --- | --- | --- | --- |",
        "| ours | 4.0 ± 1.4 | 0, 2 | 2.5 |",
        "| other | 7.0 | 0 | 1.0 |",
        "| *a paper* | 1.0 |  |  |",
    ]


def test_spread(report):
    assert report.spread([1.0, 3.0], ".2f") == "2.00 ± 1.41"
    assert report.spread([0.981], ".1%") == "98.1%"
    assert report.spread([200, 200, 200], ".0f") == "200"


def test_page_leaves_out_what_has_no_runs(report, make):
    found = report.page([make()], lambda family: [])
    assert found == report.HEAD + "\n"
    found = report.page([make()], lambda family: [run("ours", 0, 3.0)])
    assert found.startswith(report.HEAD + "\n\n## Tiny numbers\n")
    assert found.endswith("|\n")


def test_runs_are_kept(results, make, tmp_path):
    family = make()
    for seed in (1, 0):
        results.run(family, seed)
    runs = results.of(family)
    assert [(r["seed"], r["nats"], r["epochs"]) for r in runs] == [
        (0, 0, 3),
        (1, 10, 3),
    ]
    assert all(r["minutes"] >= 0 and r["date"] for r in runs)
    lines = (tmp_path / "quality" / "results.jsonl").read_text().splitlines()
    assert [json.loads(line)["nats"] for line in lines] == [10, 0]


def test_each_run_is_said(make, tmp_path):
    said = []
    module = importlib.import_module("scoreboard.results")
    module.Results(tmp_path, say=said.append).run(make(), 2)
    assert [run["nats"] for run in said] == [20]


def test_no_run_is_made_twice(results, make):
    results.run(make(), 0)

    def fail(folder, **task):
        raise AssertionError(task)

    results.run(make(measure=fail), 0)
    with pytest.raises(AssertionError, match="'seed': 1"):
        results.run(make(measure=fail), 1)


def test_runs_of_other_settings_do_not_count(results, make):
    results.run(make(), 0)
    longer = make(epochs=4, measure=lambda folder, **_: {"nats": -1})
    assert results.of(longer) == []
    results.run(longer, 0)
    assert [r["nats"] for r in results.of(longer)] == [-1]
    assert [r["nats"] for r in results.of(make())] == [0]


def test_minutes_of_a_resumed_training_are_its_own(results, make):
    family = make(measure=lambda folder, **_: {"nats": 1, "minutes": 42.0})
    results.run(family, 0)
    assert results.of(family)[0]["minutes"] == 42.0


def test_references_have_a_cell_a_column():
    families = importlib.import_module("quality").FAMILIES
    for family in families.values():
        for _, *cells in family.references:
            assert len(cells) == len(family.columns), family.name
        for task in family.tasks(0):
            assert {"row", "seed"} <= set(task)
