"""Which numbers a model computes in."""

import contextlib
import os
import pathlib
import re
from collections.abc import Iterator

import keras
import tensorflow as tf

from tfgen.data.notes import say

PRECISIONS = ("float32", "mixed_bfloat16", "auto")
NATIVE_FLAGS = {"amx_bf16", "avx512_bf16"}
"""Of processors for which oneDNN has kernels that multiply bfloat16."""
NATIVE_GPU = (8, 0)
"""CUDA's compute capability from which GPUs do (Ampere)."""


@contextlib.contextmanager
def precision_policy(
    name: str | None, shape: tuple[int, ...] = ()
) -> Iterator[None]:
    """Builds layers under a dtype policy and puts the old one back.

    The policy is remembered by each layer that is built inside, so it holds
    in replica threads and after loading too, where Keras' global policy,
    which is local to a thread, would not.

    Args:
        name: `"float32"`, `"mixed_bfloat16"` (computes in bfloat16, keeps
            weights, losses and likelihoods in float32), `"auto"` (see
            `chosen_precision`) or None for the policy in force.
        shape: of an example, for `"auto"`.

    Raises:
        ValueError: for another name.

    Example:
    >>> with tfgen.training.precision_policy("mixed_bfloat16"):
    ...     layer = keras.layers.Dense(3)
    >>> layer.compute_dtype, layer.variable_dtype
    ('bfloat16', 'float32')
    """
    before = keras.config.dtype_policy()
    if name is not None:
        if name not in PRECISIONS:
            raise ValueError(
                f"precision is {name!r}, expected one of "
                f"{', '.join(PRECISIONS)}."
            )
        keras.config.set_dtype_policy(chosen_precision(name, shape))
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def chosen_precision(name: str, shape: tuple[int, ...]) -> str:
    """What `"auto"` means here; any other name is what it is.

    For images `"mixed_bfloat16"` where this machine multiplies bfloat16
    natively, else `"float32"`: elsewhere bfloat16 is emulated, several times
    slower than float32, and small networks of tables and points gain nothing
    from it. What is chosen is said in a line.

    Args:
        name: one of `PRECISIONS`.
        shape: of an example.

    Example:
    >>> chosen_precision("auto", (30,))
    'float32'
    >>> chosen_precision("float32", (28, 28, 1))
    'float32'
    """
    if name != "auto":
        return name
    if len(shape) != 3:
        chosen, reason = "float32", "the examples are not images"
    elif computes_bfloat16():
        chosen, reason = "mixed_bfloat16", "it is native to this machine"
    else:
        chosen, reason = "float32", "bfloat16 is not native to this machine"
    say(f"precision {chosen}, as {reason}.")
    return chosen


def computes_bfloat16() -> bool:
    """Whether bfloat16 is native to the GPUs, or without them the processor."""
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        details = map(tf.config.experimental.get_device_details, gpus)
        return all(
            d.get("compute_capability", (0, 0)) >= NATIVE_GPU for d in details
        )
    uses_onednn = os.environ.get("TF_ENABLE_ONEDNN_OPTS", "1") != "0"
    return uses_onednn and not NATIVE_FLAGS.isdisjoint(_processor_flags())


def _processor_flags():
    """What Linux says that the processor can do; elsewhere nothing."""
    with contextlib.suppress(OSError):
        text = pathlib.Path("/proc/cpuinfo").read_text()
        found = re.search(r"^flags\s*: (.*)$", text, re.MULTILINE)
        if found:
            return set(found[1].split())
    return set()
