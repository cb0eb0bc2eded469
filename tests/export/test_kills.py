"""Exports killed at any moment: the old versions, or the whole new one too."""

import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from tfgen.export import SavedModelSession
from tfgen.export.manifest import read_manifest
from tfgen.export.version_folders import list_versions

KEEP = 3

# TensorFlow takes seconds to load, so one process does and, for each line of
# input, forks one that exports, before TensorFlow has started any thread.
# That one says its number at the start and "end" at the end of an export.
FORKING = """
import importlib.util, os, sys
spec = importlib.util.spec_from_file_location("stand_in", sys.argv[1])
module = importlib.util.module_from_spec(spec)
sys.modules["stand_in"] = module
spec.loader.exec_module(module)
from tfgen.export import export_saved_model

class Small(module.StandIn):
    def endpoints(self):
        return {"encode": super().endpoints()["encode"]}

def export_for_ever():
    model = Small()
    os.write(1, b"%d\\n" % os.getpid())
    while True:
        export_saved_model(model, sys.argv[2], keep=int(sys.argv[3]))
        os.write(1, b"end\\n")

for line in sys.stdin:
    child = os.fork()
    if not child:
        export_for_ever()
    os.waitpid(child, 0)
    os.write(1, b"killed\\n")
"""


@pytest.fixture
def process(fork_server, stand_in_path, tmp_path):
    with fork_server.Popen(
        [sys.executable, "-c", FORKING, stand_in_path, tmp_path, str(KEEP)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process


def kill_one(process, wait, *arguments):
    """Kills an exporting process after a wait; returns how many it finished."""
    print(file=process.stdin, flush=True)
    child = int(process.stdout.readline())
    wait(*arguments)
    os.kill(child, signal.SIGKILL)
    return len(list(iter(process.stdout.readline, "killed\n")))


def time_of_an_export(process):
    times = []

    def wait():
        start = time.monotonic()
        assert process.stdout.readline() == "end\n"
        times.append(time.monotonic() - start)

    kill_one(process, wait)
    return times[0]


@pytest.mark.parametrize("kills", [4, pytest.param(20, marks=pytest.mark.slow)])
def test_old_versions_or_the_whole_new_one(process, tmp_path, kills):
    seed = random.randrange(2**32)
    print("seed of the moments:", seed)
    moments = random.Random(seed)
    duration = time_of_an_export(process)
    before = list(list_versions(tmp_path))
    assert before[0] == 1
    for kill in range(kills):
        # Twice as long: in half of the cases, a version is finished before.
        moment = 2 * duration * (kill + moments.random()) / kills
        if kill == kills - 1:  # also where the machine has become slower
            moment = 5 * duration
        finished = kill_one(process, time.sleep, moment)
        versions = list(list_versions(tmp_path))
        for version in versions:
            manifest = read_manifest(tmp_path / str(version))
            assert set(manifest["signatures"]) == {"encode", "serving_default"}
        newest = max(versions)
        assert newest - max(before) in (finished, finished + 1)
        # Earlier ones go after the new one has come, one by one.
        assert versions == list(range(newest - len(versions) + 1, newest + 1))
        assert len(versions) >= min(KEEP, newest)
        before = versions
    assert newest > 1
    with SavedModelSession(tmp_path / str(newest)) as session:
        session.run("encode", x=np.zeros((2, 4, 4, 1), "float32"))
