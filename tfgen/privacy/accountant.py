"""How much of a promise a training spends: dp-accounting's answer.

Steps are Gaussian mechanisms on Poisson samples, composed by their Renyi
divergences (Mironov, 2017, "Renyi differential privacy"; Mironov, Talwar and
Zhang, 2019, "Renyi differential privacy of the sampled Gaussian mechanism").
"""

import contextlib
import functools
import importlib.metadata
import importlib.util
import math

PACKAGE = "dp-accounting"
ACCOUNTANT = "Renyi divergences of the sampled Gaussian mechanism"
LEAST_NOISE = 0.1
"""Less promises next to nothing, and takes long to account for."""
NEIGHBOURS = "data sets of which one has a row more than the other"


def require_accountant() -> None:
    """Raises ValueError where the accountant is not installed."""
    if importlib.util.find_spec("dp_accounting") is None:
        raise ValueError(
            f"privacy needs the package {PACKAGE}, which is not installed: pip "
            "install 'tfgen[privacy]'."
        )


def accountant() -> str:
    """The accountant in words, with its version."""
    version = importlib.metadata.version(PACKAGE)
    return f"{ACCOUNTANT} ({PACKAGE} {version}, RdpAccountant)"


def epsilon_spent(
    noise_multiplier: float,
    sampling_probability: float,
    steps: int,
    delta: float,
) -> float:
    """Epsilon of so many steps at a delta.

    Args:
        noise_multiplier: standard deviation of the noise over the clip norm.
        sampling_probability: of each row, in each step.
        steps: of the training.
        delta: see `Privacy`.

    Example:
    >>> round(tfgen.privacy.epsilon_spent(1.1, 0.01, 1000, 1e-5), 2)
    1.71
    """
    if not steps:
        return 0.0
    if not noise_multiplier:
        return float("inf")
    orders, one_step = _divergences(noise_multiplier, sampling_probability)
    return float(_rdp().compute_epsilon(orders, steps * one_step, delta)[0])


def noise_for(
    epsilon: float, delta: float, sampling_probability: float, steps: int
) -> float:
    """The smallest noise multiplier from 0.1 on, to 1 in 1,000, for epsilon.

    Args:
        epsilon: that all steps together may spend.
        delta: see `Privacy`.
        sampling_probability: of each row, in each step.
        steps: of the training.

    Example:
    >>> round(tfgen.privacy.noise_for(1.0, 1e-5, 0.01, 1000), 2)
    1.51
    """

    def keeps(noise):
        spent = epsilon_spent(noise, sampling_probability, steps, delta)
        return spent <= epsilon

    high = 1.0
    while not keeps(high):
        high *= 2.0
    # Downwards, since little noise takes longest to account for.
    while high > LEAST_NOISE and keeps(high / 2.0):
        high /= 2.0
    low = high / 2.0
    while high - low > 1e-3 * high:
        middle = (low + high) / 2.0
        low, high = (low, middle) if keeps(middle) else (middle, high)
    return max(high, LEAST_NOISE)


def most_steps(
    epsilon: float,
    delta: float,
    sampling_probability: float,
    noise_multiplier: float,
) -> int:
    """How many steps keep epsilon at this noise."""

    def keeps(steps):
        spent = epsilon_spent(
            noise_multiplier, sampling_probability, steps, delta
        )
        return spent <= epsilon

    low, high = 0, 1
    while keeps(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if keeps(middle) else (low, middle)
    return low


def refuse_more(
    epsilon: float,
    delta: float,
    sampling_probability: float,
    noise_multiplier: float,
    steps: int,
) -> None:
    """Raises ValueError if so many steps would spend more than `epsilon`."""
    mechanism = noise_multiplier, sampling_probability
    spent = epsilon_spent(*mechanism, steps, delta)
    if spent <= epsilon:
        return
    most = most_steps(epsilon, delta, *mechanism[::-1])
    epochs = most / math.ceil(1.0 / sampling_probability - 1e-9)
    raise ValueError(
        f"{steps:,} steps would spend epsilon={spent:.3g} at delta="
        f"{delta:.3g}, but {epsilon:g} was promised: train for {most:,} steps "
        f"at most ({epochs:.4g} epochs), or begin anew."
    )


@functools.lru_cache(maxsize=256)
def _divergences(noise_multiplier, sampling_probability):
    """Orders, and the Renyi divergence of one step at each, as arrays."""
    counting = _rdp().RdpAccountant()
    import dp_accounting  # beside what `_rdp` has found to be there

    one_step = dp_accounting.PoissonSampledDpEvent(
        sampling_probability, dp_accounting.GaussianDpEvent(noise_multiplier)
    )
    with _without_warnings():
        counting.compose(one_step)
    return counting.orders, counting.rdp


@contextlib.contextmanager
def _without_warnings():
    """Orders that do not converge are left out, which can only raise epsilon.

    A line for each of them, at each try, would tell users nothing.
    """
    from absl import logging

    before = logging.get_verbosity()
    logging.set_verbosity(logging.ERROR)
    try:
        yield
    finally:
        logging.set_verbosity(before)


def _rdp():
    require_accountant()
    from dp_accounting import rdp

    return rdp
