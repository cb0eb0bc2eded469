"""epsilon, against dp-accounting's numbers and closed forms."""

import logging
import math

import numpy as np
import pytest
from scipy import optimize
from scipy.stats import norm

from tfgen.privacy.accountant import epsilon_spent, most_steps, noise_for

# By dp-accounting 0.6.0: RdpAccountant, then PLDAccountant, which is tighter,
# composed with SelfComposedDpEvent(PoissonSampledDpEvent(q,
# GaussianDpEvent(sigma)), steps).
KNOWN = {
    (1.1, 0.01, 1000, 1e-5): (1.7117701662, 1.5153702482),
    (0.7, 256 / 60000, 4000, 1e-6): (4.9311584976, 4.2392820037),
    (4.0, 0.1, 500, 1e-3): (1.8248011155, 1.5940640259),
    (2.0, 1.0, 20, 1e-4): (11.1030122226, 10.2309041323),
}


@pytest.mark.parametrize("mechanism", KNOWN)
def test_epsilon_is_that_of_dp_accounting(mechanism):
    by_divergences, tighter = KNOWN[mechanism]
    found = epsilon_spent(*mechanism)
    assert found == pytest.approx(by_divergences, rel=0.01)
    assert tighter < found < 1.25 * tighter


@pytest.mark.parametrize("noise", [0.8, 2.0, 10.0])
def test_epsilon_of_one_whole_batch_covers_the_exact_one(noise):
    """Balle and Wang (2018), theorem 8: exact delta of a Gaussian mechanism."""
    delta = 1e-5

    def excess(epsilon):
        a, b = 1 / (2 * noise), epsilon * noise
        upper = math.exp(epsilon) * norm.cdf(-a - b)
        return norm.cdf(a - b) - upper - delta

    exact = optimize.brentq(excess, 0.0, 50.0)
    found = epsilon_spent(noise, 1.0, 1, delta)
    assert exact < found < 1.3 * exact


def test_steps_compose_as_one_of_less_noise():
    """k Gaussian mechanisms of sigma are one of sigma / sqrt(k)."""
    found = epsilon_spent(3.0 / math.sqrt(12), 1.0, 1, 1e-5)
    assert found == pytest.approx(epsilon_spent(3.0, 1.0, 12, 1e-5), rel=1e-6)


def test_the_noise_is_the_least_that_keeps_epsilon():
    noise = noise_for(2.0, 1e-5, 0.02, 300)
    spent = epsilon_spent(noise, 0.02, 300, 1e-5)
    assert 1.98 < spent <= 2.0
    assert most_steps(2.0, 1e-5, 0.02, noise) in range(300, 304)


def test_orders_that_do_not_converge_are_left_out_without_a_word():
    said = []
    listens = logging.Handler()
    listens.emit = said.append
    logging.getLogger("absl").addHandler(listens)
    try:
        assert np.isfinite(epsilon_spent(1.0625, 0.25, 8, 1e-3))
    finally:
        logging.getLogger("absl").removeHandler(listens)
    assert said == []


def test_nothing_is_spent_by_no_step_and_all_without_noise():
    assert epsilon_spent(1.0, 0.1, 0, 1e-5) == 0.0
    assert np.isinf(epsilon_spent(0.0, 0.1, 1, 1e-5))
