import logging

import pytest

from tfgen import _quiet

USE_TENSORFLOW = """
tf = _quiet.import_tensorflow()
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0],
    [tf.config.LogicalDeviceConfiguration()] * 2,
)
tf.function(lambda x: x + 1)(tf.zeros(2))
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
tf.function(lambda: strategy.run(lambda: tf.zeros(2)))()
import tensorflow_probability as tfp

tfp.distributions.Normal(0.0, 1.0).sample(2)
"""


@pytest.fixture
def run_python(run_python):
    """Always a process that has imported nothing."""
    return run_python.anew


# Standard error is joined to standard output here, to be compared.
MERGED = "import os; os.dup2(1, 2)\n"
# The file by itself, without the rest of tfgen, which takes seconds.
ALONE = f"""
import os, runpy, sys, types
_quiet = types.SimpleNamespace(**runpy.run_path({_quiet.__file__!r}))
"""


def test_start_up_writes_nothing(run_python):
    """Neither the import of tfgen nor what follows."""
    code = MERGED + "import tfgen\nfrom tfgen import _quiet\n" + USE_TENSORFLOW
    assert run_python(code, TF_CPP_MIN_LOG_LEVEL="2") == ""


def test_log_level_0_shows_everything(run_python):
    code = MERGED + ALONE + "_quiet.import_tensorflow()"
    output = run_python(code, TF_CPP_MIN_LOG_LEVEL="0")
    assert "cpu_feature_guard" in output


def test_what_is_left_out_is_imported_by_others_alone(run_python):
    """By Keras it is not, though it could be; what is there already stays."""
    code = """
import json
import sys

_quiet.leave_out("sklearn", "json")
_quiet.import_tensorflow()
import keras

print("sklearn" in sys.modules, "json" in sys.modules)
import sklearn.base

print("sklearn" in sys.modules)
"""
    assert run_python(ALONE + code).split() == ["False", "True", "True"]


def test_stderr_works_afterwards(run_python):
    code = """
with _quiet.held_back_stderr():
    os.write(2, b"inside")
print("after", file=sys.stderr)
"""
    assert run_python(MERGED + ALONE + code) == "after\n"


@pytest.mark.parametrize("leave", ["raise ImportError('x')", "sys.exit(3)"])
def test_what_was_held_back_is_shown_on_failure(run_python, leave):
    code = f"""
try:
    with _quiet.held_back_stderr():
        os.write(2, b"inside ")
        {leave}
except BaseException as error:
    print(type(error).__name__, file=sys.stderr)
"""
    assert run_python(MERGED + ALONE + code).startswith("inside ")


def test_a_crash_is_not_silent(run_python):
    code = """
with _quiet.held_back_stderr():
    os.abort()
"""
    with pytest.raises(pytest.fail.Exception, match="Aborted"):
        run_python(ALONE + code)


def test_a_closed_stderr_is_no_obstacle(run_python):
    code = """
os.close(2)
with _quiet.held_back_stderr():
    print("ran")
"""
    assert run_python(ALONE + code) == "ran\n"


def test_retracing_is_no_warning_where_models_follow_models(caplog):
    logger = logging.getLogger("tensorflow")
    text = "5 out of the last 13 calls to %s triggered tf.function retracing"
    with _quiet.no_retracing_warnings():
        logger.warning(text, "one")
        logger.warning("other")
    assert [record.getMessage() for record in caplog.records] == ["other"]
    logger.warning(text, "two")
    assert len(caplog.records) == 2
