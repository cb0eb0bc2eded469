"""Against SciPy, component by component."""

import numpy as np
import pytest
import scipy.special
import scipy.stats

from tfgen.probability import latents, mixture_log_prob


@pytest.mark.parametrize("values_at_once", [1, 30, 2**16])
def test_as_scipy(values_at_once, monkeypatch):
    monkeypatch.setattr(latents, "VALUES_AT_ONCE", values_at_once)
    random = np.random.default_rng(0)
    means = random.normal(size=(9, 3))
    stddevs = random.uniform(0.1, 2.0, (9, 3))
    x = random.normal(size=(7, 3))
    each = scipy.stats.norm(means, stddevs).logpdf(x[:, None])
    joint, marginals = mixture_log_prob(x, means, stddevs)
    wanted = scipy.special.logsumexp(each.sum(axis=2), axis=1) - np.log(9)
    np.testing.assert_allclose(joint, wanted, rtol=1e-12)
    wanted = scipy.special.logsumexp(each, axis=1) - np.log(9)
    np.testing.assert_allclose(marginals, wanted, rtol=1e-12)


def test_far_from_all_components():
    joint, marginals = mixture_log_prob([[1e6]], [[0.0], [1.0]], [[1.0]] * 2)
    wanted = scipy.stats.norm(1).logpdf(1e6) - np.log(2)
    assert joint[0] == marginals[0, 0] == pytest.approx(wanted, rel=1e-12)
