"""What a training shows: few lines, each shorter than 100 columns."""

import io
import re
import types

import pytest

import tfgen
from tfgen.runs.progress import Progress

LOGS = {
    "kl_loss": 12.3456789,
    "loss": 1.0,
    "negative_elbo": -12345.678,
    "reconstruction_loss": 0.5,
    "val_kl_loss": 2.0,
    "val_loss": 1.0,
    "val_negative_elbo": 123.456,
}


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    """Seconds that the test moves on."""

    class Clock:
        now = 1000.0

    monkeypatch.setattr("time.monotonic", lambda: Clock.now)
    return Clock


def new_progress(epochs, steps, stream, steps_done=0):
    progress = Progress(epochs, steps, stream)
    progress.set_model(types.SimpleNamespace(steps_done=steps_done))
    return progress


def run(clock, stream, epochs, first=0, logs=LOGS, seconds=2.0, steps=3):
    progress = new_progress(epochs, steps, stream, first * steps)
    progress.on_train_begin()
    for epoch in range(first, epochs):
        progress.on_epoch_begin(epoch)
        for step in range(steps):
            progress.on_train_batch_end(step, {"kl_loss": float(step)})
            clock.now += seconds / steps
        progress.on_epoch_end(epoch, logs)
    progress.on_train_end()
    return stream.getvalue()


def test_a_line_an_epoch(clock):
    text = run(clock, io.StringIO(), 3)
    assert text.splitlines() == [
        "epoch 1/3  negative_elbo -12346  held-out 123.5  kl 12.35  "
        "reconstruction 0.5000  4 s left",
        "epoch 2/3  negative_elbo -12346  held-out 123.5  kl 12.35  "
        "reconstruction 0.5000  2 s left",
        "epoch 3/3  negative_elbo -12346  held-out 123.5  kl 12.35  "
        "reconstruction 0.5000  took 6 s",
    ]


def test_a_bound_of_its_own_comes_first(clock):
    """The best epoch is chosen by it."""
    stream = io.StringIO()
    progress = new_progress(1, 1, stream)
    progress.model.objective = tfgen.losses.IWAE()
    progress.on_train_begin()
    progress.on_epoch_begin(0)
    progress.on_train_batch_end(0, {})
    logs = {"negative_elbo": 9.0, "loss": 7.0, "val_loss": 8.0}
    progress.on_epoch_end(0, logs | {"val_negative_elbo": 10.0})
    [line] = stream.getvalue().splitlines()
    assert line.startswith("epoch 1/1  loss 7.000  held-out 8.000  negative")


@pytest.mark.parametrize("epochs", [31, 60, 191, 1000])
def test_about_20_lines_of_many_epochs(clock, epochs):
    lines = run(clock, io.StringIO(), epochs).splitlines()
    assert 15 <= len(lines) <= 32
    assert lines[0].startswith(f"epoch {1:{len(str(epochs))}}/{epochs}  ")
    assert lines[-1].startswith(f"epoch {epochs}/{epochs}  ")


def test_time_left_goes_by_the_epochs_of_this_session(clock):
    text = run(clock, io.StringIO(), 12, first=9, seconds=3600.0)
    first, *lines = text.splitlines()
    assert first == "going on at step 27"
    ends = [line.split("  ")[-1] for line in lines]
    assert ends == ["2.0 h left", "60 min left", "took 3.0 h"]


def test_time_left_leaves_out_what_is_done_once(clock):
    progress = new_progress(10, 1, stream := io.StringIO())
    progress.on_train_begin()
    clock.now += 500  # compiling
    for epoch in range(3):
        progress.on_epoch_begin(epoch)
        progress.on_train_batch_end(0, LOGS)
        clock.now += 50 if epoch == 0 else 1
        progress.on_epoch_end(epoch, LOGS)
    ends = [line.split("  ")[-1] for line in stream.getvalue().splitlines()]
    assert ends[1:] == ["8 s left", "7 s left"]


def test_lines_are_short(clock):
    many = {f"some_long_name_of_a_metric_{i}": 1.0 for i in range(9)}
    text = run(clock, io.StringIO(), 3, logs=LOGS | many)
    assert max(map(len, text.splitlines())) < 100
    assert "left" in text


@pytest.mark.parametrize("columns", [80, 100, 300])
def test_a_terminal_shows_the_step(clock, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    text = run(clock, Terminal(), 2)
    written = re.split("[\r\n]+", text)
    assert max(map(len, written)) < min(columns, 100)
    steps = [part.rstrip() for part in written if "step" in part]
    assert steps[1] == "epoch 1/2  step 2/3  kl 1.000"
    # Each line covers what stood there before, and stays.
    lines = text.split("\n")
    assert text.count("\n") == 2
    assert lines[0].split("\r")[-1].startswith("epoch 1/2  negative_elbo")


def test_small_and_large_numbers(clock):
    logs = {"a": 0.000123456, "b": 999.96, "c": 123456.7, "d": float("nan")}
    text = run(clock, io.StringIO(), 1, logs=logs)
    assert "  a 0.00012346  b 1000.  c 1.2346e+05  d nan  " in text


def test_a_warning_wipes_the_status_line(capsys):
    Progress(3, 2, terminal := Terminal()).warn("epoch 1: something")
    assert set(terminal.getvalue()) == {"\r", " "}
    Progress(3, 2, file := io.StringIO()).warn("epoch 1: something")
    assert file.getvalue() == ""
    assert capsys.readouterr().err == "warning: epoch 1: something\n" * 2
