"""Trainings whose terminal is closed, or whose reader ends, go on."""

import os
import pty
import subprocess
import sys

import pytest

from tfgen.cli.output import LastingStream

EPOCHS = 4
TRAIN = (
    *("train", "vae", "--data", "iris", "--epochs", str(EPOCHS)),
    *("--network", "mlp", "--width", "8", "--depth", "1", "--out", "run"),
)


@pytest.mark.parametrize(
    "open_output",
    [pytest.param(pty.openpty, marks=pytest.mark.slow), os.pipe],
)
def test_nobody_reads_any_more(command, fork_server, tmp_path, open_output):
    """The first end is read for a while and then closed."""
    read, write = open_output()
    with fork_server.Popen(
        [*command, *TRAIN],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=write,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    ) as training:
        os.close(write)
        assert os.read(read, 4)
        os.close(read)
        assert training.wait(240) == 0
        assert training.stderr.read() == ""
    history = (tmp_path / "run" / "history.csv").read_text()
    assert len(history.splitlines()) == 1 + EPOCHS


def test_without_streams(fork_server, tmp_path):
    """What Python makes of streams that are closed from the start."""
    program = (
        "import os, sys; os.close(1); os.close(2); "
        "sys.stdout = sys.stderr = None; "
        f"sys.argv = ['tfgen', *{TRAIN!r}, '--epochs', '1']; "
        "from tfgen.cli.main import main; main()"
    )
    words = [sys.executable, "-c", program]
    assert fork_server.run(words, cwd=tmp_path).returncode == 0
    assert (tmp_path / "run" / "model.keras").exists()


@pytest.mark.slow  # a process that imports all, as no other here
def test_closed_from_the_start(command, tmp_path):
    words = [*command, *TRAIN, "--epochs", "1"]
    close = ["sh", "-c", '"$@" >&- 2>&-', "sh"]
    assert subprocess.run([*close, *words], cwd=tmp_path).returncode == 0
    assert (tmp_path / "run" / "model.keras").exists()


def test_a_full_disk_is_told():
    with open("/dev/full", "w") as full:
        stream = LastingStream(full)
        stream.write("text")
        with pytest.raises(OSError, match="No space left"):
            stream.flush()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, full.fileno())
        os.close(nowhere)
