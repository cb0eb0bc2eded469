"""Number formats to compute in."""

import contextlib

import keras

PRECISIONS = ("float32", "mixed_bfloat16")


@contextlib.contextmanager
def precision_policy(name: str | None):
    """Builds layers under a dtype policy and puts the old one back.

    The policy is remembered by each layer that is built inside, so it holds
    in replica threads and after loading too, where Keras' global policy,
    which is local to a thread, would not.

    Args:
        name: `"float32"`, `"mixed_bfloat16"` (computes in bfloat16, keeps
            weights, losses and likelihoods in float32) or None for the
            policy in force.

    Raises:
        ValueError: for another name.
    """
    before = keras.config.dtype_policy()
    if name is not None:
        if name not in PRECISIONS:
            raise ValueError(
                f"precision is {name!r}, expected one of "
                f"{', '.join(PRECISIONS)}."
            )
        keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
