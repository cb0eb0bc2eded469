"""The launcher, with small programs in the place of trainings."""

import os
import signal
import sys
import threading
import time

import pytest

from tfgen.cli.launch import Launcher, launch

HOST = """
import json, os, pathlib, signal, sys, time
config = json.loads(os.environ["TF_CONFIG"])
index = config["task"]["index"]
hosts = config["cluster"]["worker"]
here = pathlib.Path(sys.argv[1])
def wait():
    (here / f"ready{index}").touch()
    while True:
        time.sleep(0.01)
def killed():
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def launcher(tmp_path):
    """A launcher of two processes that run a few lines each."""

    def make(lines, again="", restarts=1):
        def words(code):
            return [sys.executable, "-c", HOST + code, str(tmp_path)]

        return Launcher(2, restarts, words(lines), lambda: words(again))

    return make


def test_the_status_is_the_chiefs(launcher, capfd):
    lines = """
assert len(set(hosts)) == 2 and hosts[index].startswith("127.0.0.1:")
print("out of", index)
print("error of", index, file=sys.stderr)
"""
    assert launcher(lines).run() == 0
    out, err = capfd.readouterr()
    assert out == "out of 0\n"
    assert sorted(err.splitlines()) == ["error of 0", "worker 1: error of 1"]


@pytest.mark.parametrize("index", [0, 1])
def test_after_a_kill_all_start_again(launcher, index, capfd):
    run = launcher(
        f"killed() if index == {index} else wait()", "print('again')"
    ).run
    assert run() == 0
    out, err = capfd.readouterr()
    assert out == "again\n"
    ended = f"tfgen: worker {index} was ended by SIGKILL"
    assert err == f"{ended}; all start again (1 of 1)\n"


def test_not_for_ever(launcher, capfd):
    kill = "killed() if index else wait()"
    assert launcher(kill, again=kill, restarts=2).run() == 128 + signal.SIGKILL
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 3
    assert lines[-1] == "tfgen: worker 1 was ended by SIGKILL, after 2 restarts"


@pytest.mark.parametrize("index", [0, 1])
def test_an_error_ends_all(launcher, index, capfd):
    lines = f"""
if index != {index}:
    wait()
print("no such column", file=sys.stderr)
sys.exit(1)
"""
    assert launcher(lines, again="wait()").run() == 1
    said = capfd.readouterr().err.splitlines()
    if index:
        assert sorted(said) == [
            "tfgen: worker 1 failed, so all are ended",
            "worker 1: no such column",
        ]
    else:
        assert said == ["no such column"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_go_to_all(launcher, number, tmp_path, capfd):
    lines = """
def stop(number, frame):
    os.write(2, f"{index} saved\\n".encode())
    sys.exit(128 + number)
signal.signal(signal.SIGINT, stop)
signal.signal(signal.SIGTERM, stop)
wait()
"""

    def ask():
        if all_exist(tmp_path / f"ready{i}" for i in (0, 1)):
            os.kill(os.getpid(), number)

    threading.Thread(target=ask).start()
    assert launcher(lines).run() == 128 + number
    err = capfd.readouterr().err.splitlines()
    assert sorted(err) == ["0 saved", "worker 1: 1 saved"]
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_nothing_is_left_running(launcher, tmp_path):
    lines = """
(here / f"pid{index}").write_text(str(os.getpid()))
wait() if index else time.sleep(0.5)
killed()
"""
    launcher(lines, restarts=0).run()
    for index in (0, 1):
        pid = int((tmp_path / f"pid{index}").read_text())
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_workers_stop_when_the_launcher_is_killed(fork_server, tmp_path):
    worker = f"""{HOST}
def stop(number, frame):
    (here / f"stopped{{index}}").touch()
    sys.exit(128 + number)
signal.signal(signal.SIGTERM, stop)
wait()
"""
    words = [sys.executable, "-c", worker, str(tmp_path)]
    code = f"""
from tfgen.cli.launch import Launcher
Launcher(2, 0, {words!r}, list).run()
"""
    killed = fork_server.Popen([sys.executable, "-c", code])
    assert all_exist(tmp_path / f"ready{i}" for i in (0, 1))
    killed.kill()
    killed.wait()
    assert all_exist(tmp_path / f"stopped{i}" for i in (0, 1))


def all_exist(paths):
    """Waits for files to come, but not for ever."""
    ends = time.monotonic() + 60
    for path in paths:
        while not path.exists():
            if time.monotonic() > ends:
                return False
            time.sleep(0.01)
    return True


@pytest.mark.parametrize("debug", [True, False])
def test_debug_is_passed_on(debug, monkeypatch):
    words = ["tfgen", *["--debug"] * debug, "launch"]
    monkeypatch.setattr(sys, "argv", words)
    launchers = []
    monkeypatch.setattr(
        "tfgen.cli.launch.Launcher.run",
        lambda launcher: launchers.append(launcher) or 0,
    )
    with pytest.raises(SystemExit):
        launch(["train", "vae", "--data", "digits", "--out", "run"])
    first = launchers[0].first
    assert first[1:3] == ["tfgen", "--debug" if debug else "train"]


@pytest.mark.parametrize(
    "words, expected",
    [
        (("tune", "vae"), "tfgen launch got 'tune', expected train and its"),
        (("train", "vae"), "tfgen launch got no --out: name it after train."),
    ],
)
def test_other_commands_are_refused(refused, words, expected):
    assert refused("launch", "--", *words).startswith(expected)


def test_what_is_run(monkeypatch, tmp_path):
    from tfgen.cli.launch import _commands

    monkeypatch.chdir(tmp_path)
    first, again = _commands(["train", "vae", "--data", "iris", "--out=run"])
    assert first[-2:] == ["--strategy", "multi_worker"]
    assert again() == first  # nothing is there yet
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.json").touch()
    assert again() == ["train", "--resume", "--out", "run"]
    resumed = ["train", "--resume", "--out", "run", "--epochs", "9"]
    first, again = _commands(resumed)
    assert first == again() == resumed
