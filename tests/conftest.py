"""One TensorFlow set-up for the whole test process: two logical CPUs."""

import functools
import gc
import os
import pathlib
import re
import signal
import subprocess
import sys

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["MPLBACKEND"] = "Agg"
# Workers share the processor: threads that wait for others spin.
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import hypothesis
import pictures
import pytest
from fork_server import ForkServer

# Long ones begin first, so that both workers end together.
DEAREST = (
    "tests/conformance/test_bad_data.py",
    "tests/training/test_fit.py",
    "tests/cli/test_as_a_user.py",
    "tests/conformance/test_goldens.py",
    "tests/cli/test_mixed_table.py",
    "tests/models/test_vae_gan.py",
    "tests/probability/test_flow.py",
    "tests/metrics/test_importance_weighted_bound.py",
    "tests/conformance/test_docstrings.py",
    "tests/docs/test_examples.py",
    "tests/callbacks/test_gan_health.py",
    "tests/export/test_verification.py",
    "tests/presets/test_presets.py",
    "tests/networks/test_networks.py",
    "tests/packaging/test_wheel.py",
    "tests/callbacks/test_resumed_callbacks.py",
    "tests/cli/test_resume.py",
    "tests/export/test_graph_lint.py",
)
# The same examples each time, however slow the machine is; but Hypothesis also
# draws constants that it finds in the modules which happen to be loaded.
hypothesis.settings.register_profile("tests", deadline=None, derandomize=True)
hypothesis.settings.load_profile("tests")


def pytest_addoption(parser):
    """Which tables are tried of those that are known by a number."""
    what = "seeds of random tables, in place of those that a test has"
    parser.addoption("--tables", metavar="A:B", help=what)


def pytest_configure(config):
    """Sets TensorFlow up, but where tests are only handed to workers."""
    if config.getoption("numprocesses", None):
        return
    # What a shell starts in the background ignores Ctrl-C, and so would all
    # processes of the tests, which send it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    from tfgen import _quiet

    tf = _quiet.import_tensorflow()
    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0],
        [tf.config.LogicalDeviceConfiguration()] * 2,
    )
    collect_seldom()
    variables_share_a_kernel()
    # What a reader guessed; tests of notes ask for them by pytest.warns.
    # In pyproject.toml, it would be imported where tests are handed out too.
    ignored = "ignore::tfgen.data.notes.DataNote"
    config.addinivalue_line("filterwarnings", ignored)


def variables_share_a_kernel():
    """Variables are made without the name that only TensorFlow's log shows.

    With it, each new name compiles a kernel that is kept for ever: half a
    millisecond, of which a suite that makes thousands of models has minutes.
    """
    from tensorflow.python.ops import gen_resource_variable_ops

    make = gen_resource_variable_ops.var_handle_op
    gen_resource_variable_ops.var_handle_op = (
        lambda *arguments, debug_name="", **named: make(*arguments, **named)
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """Makes neighbours of the tests that one worker runs, for what they share.

    Those are the tests of a file, unless they are marked otherwise.
    """
    mark_slow_ones(items)
    groups = {}
    for item in items:
        mark = item.get_closest_marker("xdist_group")
        group = mark.args[0] if mark else item.location[0]
        if not mark:
            item.add_marker(pytest.mark.xdist_group(group))
        groups.setdefault(group, []).append(item)
    first = [group for name in DEAREST for group in groups if group == name]
    items[:] = [
        item
        for group in dict.fromkeys([*first, *groups])
        for item in groups[group]
    ]
    if getattr(config.option, "loadgroup", False):
        for group, neighbours in groups.items():
            name_groups(group, neighbours)


def mark_slow_ones(items):
    """Marks what slow.txt names: files, classes, tests or single cases."""
    lines = pathlib.Path(__file__).with_name("slow.txt").read_text().split("\n")
    slow = {line for line in lines if line and not line.startswith("#")}
    for item in items:
        name = item.nodeid.removeprefix("tests/")
        ends = [found.start() for found in re.finditer(r"::|\[|$", name)]
        if not slow.isdisjoint(name[:end] for end in ends):
            item.add_marker(pytest.mark.slow)


def name_groups(group, items):
    """Tells pytest-xdist by the end of their ids which tests are a group.

    Version 3.8 does it itself, but in an attribute that pytest reads no more
    from 9.2 on: without a word, each test then goes to any worker.
    """
    for item in items:
        if hasattr(item, "_id"):
            item._id = type(item._id).parse(f"{item.nodeid}@{group}")


def pytest_collection_finish():
    """The tests themselves stay, too."""
    gc.freeze()


def collect_seldom():
    """Not what stays, and seldom the rest: a tenth of all time otherwise."""
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item, nextitem):
    """What a file has left behind is looked through once, and never again.

    Searches collect after each trial, and pytest at its end: of all that was
    made before, that is seconds each time.
    """
    result = yield
    if nextitem is None or nextitem.location[0] != item.location[0]:
        gc.collect()
        gc.freeze()
    return result


@pytest.fixture(scope="session")
def two_replicas():
    """A strategy of two replicas, one on each logical CPU."""
    from tfgen.training import get_strategy

    return get_strategy("mirrored", replicas=2)


@pytest.fixture(scope="module")
def without_pictures():
    """What is trained from now on draws none: they take as long as it."""
    with pytest.MonkeyPatch.context() as patch:
        pictures.leave_out_of_runs(patch)
        yield


@pytest.fixture(scope="session")
def fork_server():
    """Starts Python programs that find `tfgen` imported, in milliseconds."""
    server = ForkServer()
    yield server
    server.close()


@pytest.fixture
def run_python(fork_server, tmp_path):
    """Runs code in another process, returns what it printed.

    `run_python(code, **env)` adds `env` to the environment and runs in an
    empty folder. It fails, showing stderr, where the process does. The process
    has imported `tfgen`; `run_python.anew` begins with nothing imported.
    """

    def run(code, start=fork_server.run, **env):
        done = start(
            [sys.executable, "-c", code],
            cwd=tmp_path,
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            pytest.fail(f"exit {done.returncode}:\n{done.stderr}", False)
        return done.stdout

    run.anew = functools.partial(run, start=subprocess.run)
    return run
