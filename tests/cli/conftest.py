"""Runs of the `tfgen` command, in this process and in others."""

import contextlib
import dataclasses
import functools
import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pictures
import PIL.Image
import pytest

from tfgen.cli.main import main

SMALL = ("--network", "mlp", "--latent-dim", "2")


@dataclasses.dataclass
class Done:
    status: int
    out: str
    err: str


@pytest.fixture
def tfgen(monkeypatch, tmp_path, capfd):
    """`tfgen(*arguments)` runs the command in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        words = [str(word) for word in arguments]
        monkeypatch.setattr(sys, "argv", ["tfgen", *words])
        capfd.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        return Done(end.value.code or 0, *capfd.readouterr())

    return run


@pytest.fixture(scope="session")
def run_in():
    """`run_in(folder, *arguments)` runs the command for what tests share."""

    def run(folder, *arguments):
        words = ["tfgen", *map(str, arguments)]
        out, err = io.StringIO(), io.StringIO()
        with (
            pytest.MonkeyPatch.context() as patch,
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            pytest.raises(SystemExit) as end,
        ):
            patch.chdir(folder)
            patch.setattr(sys, "argv", words)
            main()
        return Done(end.value.code or 0, out.getvalue(), err.getvalue())

    return run


@pytest.fixture
def verified(tfgen):
    """Verifies an export; returns its signatures, no PNG ones."""

    def run(path, images):
        done = tfgen("verify", path)
        assert (done.status, done.err) == (0, "")
        rows = done.out.splitlines()[1:]
        assert all(row.endswith(" ok") for row in rows)
        assert rows.pop().startswith("scheduler: 1,000 ")
        names = {row.split()[0] for row in rows}
        plain = {name for name in names if not name.endswith("_png")}
        with_files = plain - {"serving_default"} if images else set()
        assert names - plain == {f"{name}_png" for name in with_files}
        return plain

    return run


@pytest.fixture
def refused(tfgen):
    """Runs what must fail with one line; returns the line."""

    def run(*arguments):
        done = tfgen(*arguments)
        lines = done.err.splitlines()
        assert done.status == 1
        assert len(lines) == 1, done.err
        assert lines[0].startswith("tfgen: ")
        assert done.out == ""
        return lines[0].removeprefix("tfgen: ")

    return run


@pytest.fixture
def refuses_to_train(refused):
    """As `refused`, for `train --out run`; nothing may be written."""

    def run(*arguments):
        message = refused("train", *arguments, "--out", "run")
        assert not Path("run").exists()
        return message

    return run


@pytest.fixture(scope="session")
def command():
    """The words that start the command in a process of its own."""
    return [str(Path(sys.executable).with_name("tfgen"))]


@pytest.fixture
def in_process(command, fork_server, tmp_path):
    """`in_process(*arguments)` runs the command as a user does.

    `in_process.again` does too, with TensorFlow imported beforehand.
    """

    def run(*arguments, start=subprocess.run):
        done = start(
            [*command, *map(str, arguments)],
            cwd=tmp_path,
            env=user_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        return Done(done.returncode, done.stdout, _after_the_start(done.stderr))

    run.again = functools.partial(run, start=fork_server.run)
    return run


def _after_the_start(errors):
    """What comes after the line that TensorFlow is loaded."""
    first, _, rest = errors.partition("\n")
    return rest if first.endswith(" (loading TensorFlow) ...") else errors


def user_environment():
    """As a user's shell has it: without what our tests set."""
    ours = ("TF_CPP_MIN_LOG_LEVEL", "KERAS_BACKEND", "MPLBACKEND")
    return {k: v for k, v in os.environ.items() if k not in ours}


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """A finished run of 2 epochs on digits; not to be changed."""
    return _train(tmp_path_factory, "--data", "digits")


@pytest.fixture(scope="session")
def trained_by_class(tmp_path_factory):
    """The same, class-conditional."""
    return _train(tmp_path_factory, "--data", "digits", "--conditional")


@pytest.fixture(scope="session")
def trained_table(tmp_path_factory):
    """A finished run on a table, without pictures."""
    with pytest.MonkeyPatch.context() as patch:
        pictures.leave_out_of_runs(patch)
        return _train(tmp_path_factory, "--data", "iris")


@pytest.fixture(scope="session")
def exported(trained, tmp_path_factory):
    """Version 1 of it, in the folder that is given; not to be changed."""
    from tfgen.export import export_saved_model
    from tfgen.runs.folder import RunFolder

    base = tmp_path_factory.mktemp("serving") / "digits"
    export_saved_model(RunFolder(trained).load_model(), base, 1)
    return base


def _train(tmp_path_factory, *arguments):
    from tfgen.runs.run import Run

    options = iter(arguments)
    given = {"model": "vae", "epochs": 2, "network": "mlp", "latent_dim": 2}
    for option in options:
        name = option.removeprefix("--")
        given[name] = True if name == "conditional" else next(options)
    folder = tmp_path_factory.mktemp("trained") / "run"
    Run.new(folder, given).train()
    return folder


@pytest.fixture
def image_folder(tmp_path):
    """`image_folder(count, size)` makes a folder of colour noise."""

    def make(count=40, size=(32, 32), name="photos"):
        rng = np.random.default_rng(0)
        folder = tmp_path / name
        folder.mkdir()
        for i in range(count):
            pixels = rng.integers(0, 256, (*size, 3), np.uint8)
            PIL.Image.fromarray(pixels).save(folder / f"{i:03}.png")
        return folder

    return make
