"""TensorFlow Probability is imported when it is first needed."""

import subprocess
import sys

import pytest

NOT_YET = """
import os
import sys
import warnings

import keras
import numpy as np
import tensorflow as tf

tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0],
    [tf.config.LogicalDeviceConfiguration()] * 2,
)
import tfgen
from tfgen import probability

def loaded():
    return "tensorflow_probability" in sys.modules

likelihood = probability.Gaussian(scale=1.0)
x = np.ones((2, 3), "float32")
"""
# In a child of its own each, for nothing may have used the library before.
USE_IN_CHILDREN = """
for name, use in USES.items():
    if os.fork() == 0:
        assert not loaded()
        first = eval(use)
        assert loaded() == (name != "a GAN")
        warnings.resetwarnings()
        again = likelihood.log_prob(x, x)
        prior = probability.standard_normal(3).log_prob(tf.zeros((1, 3)))
        values = (f"{float(v[0]):.5f}" for v in (first, again, prior))
        print(name, *values, flush=True)
        os._exit(0)
    os.wait()
"""
USES = {
    "a GAN": (
        "np.square(tfgen.build('gan', input_shape=(2,)).sample(1)[0]) * 0"
    ),
    "traced on replicas": (
        "tf.distribute.MirroredStrategy(['CPU:0', 'CPU:1']).run("
        "tf.function(likelihood.log_prob), (x, x)).values[1]"
    ),
    "eager, warnings are errors": (
        "likelihood.log_prob(x, x) "
        "if warnings.simplefilter('error') is None else None"
    ),
}


@pytest.fixture(scope="module")
def lines():
    """What each use printed; a GAN's sample, times 0, needs none of it."""
    code = f"{NOT_YET}USES = {USES!r}{USE_IN_CHILDREN}"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines(), done.stderr


@pytest.mark.parametrize("name", USES)
def test_first_use(lines, name):
    """Three values at their mean: -3 log(2 pi) / 2, and usable ever after."""
    out, err = lines
    ever_after = "-2.75682 -2.75682"
    first = "0.00000" if name == "a GAN" else "-2.75682"
    assert f"{name} {first} {ever_after}" in out, err
