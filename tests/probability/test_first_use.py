"""TensorFlow Probability is imported when it is first needed."""

import pytest

NOT_YET = """
import sys

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

assert not loaded()
likelihood = probability.Gaussian(scale=1.0)
x = np.ones((2, 3), "float32")
"""


def test_a_gan_needs_none_of_it(run_python):
    code = """
model = tfgen.build("gan", input_shape=(2,))
model.sample(3, seed=0)
print(loaded())
"""
    assert run_python(NOT_YET + code) == "False\n"


@pytest.mark.parametrize(
    "use",
    [
        "likelihood.log_prob(x, x)",
        "tf.function(likelihood.log_prob)(x, x)",
        "tf.distribute.MirroredStrategy(['CPU:0', 'CPU:1']).run("
        "tf.function(likelihood.log_prob), (x, x)).values[1]",
        "likelihood.log_prob(x, x) if warnings.simplefilter('error') is None "
        "else None",
    ],
    ids=["eager", "traced", "replicas", "warnings are errors"],
)
def test_first_use(run_python, use):
    """Three values at their mean: -3 log(2 pi) / 2, and usable ever after."""
    code = f"""
import warnings
first = {use}
assert loaded()
warnings.resetwarnings()
again = likelihood.log_prob(x, x)
prior = probability.standard_normal(3).log_prob(tf.zeros((1, 3)))
print(*(f"{{float(v[0]):.5f}}" for v in (first, again, prior)))
"""
    assert run_python(NOT_YET + code) == "-2.75682 -2.75682 -2.75682\n"
