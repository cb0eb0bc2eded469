"""Flows against Jacobians, integrals and TensorFlow Probability's splines.

TensorFlow Probability's bijectors remember what they computed; these flows do
not, so that a round trip is one.
"""

import types

import keras
import numpy as np
import pytest
import scipy.special
import scipy.stats
import tensorflow as tf
import tensorflow_probability as tfp

import tfgen
from tfgen.probability import Flow, couplings, kl_divergence, standard_normal

KINDS = ("spline", "affine")


def make_flow(latent_dim, num_classes=None, changed=0.1, **options):
    """A flow whose weights were moved at random away from the identity."""
    keras.utils.set_random_seed(0)
    flow = Flow(**({"couplings": 4, "units": (8,)} | options))
    flow.set_model(
        types.SimpleNamespace(latent_dim=latent_dim, num_classes=num_classes)
    )
    move(flow, changed)
    return flow


def move(layer, by):
    random = np.random.default_rng(0)
    for weight in layer.weights:
        weight.assign(weight + by * random.normal(size=weight.shape))


def latents(rows, latent_dim, spread=1.5):
    random = np.random.default_rng(1)
    return np.float32(spread * random.normal(size=(rows, latent_dim)))


def labels(rows, num_classes):
    if num_classes is None:
        return None
    return tf.one_hot(np.arange(rows) % num_classes, num_classes)


every_shape = pytest.mark.parametrize(
    ("kind", "latent_dim", "num_classes"),
    [
        (kind, *shape)
        for kind in KINDS
        for shape in [(1, None), (1, 3), (2, None), (3, 2), (5, None)]
    ],
)


def noise_and_jacobian(flow, z, hot):
    """`(rows, d)`, and `(rows, d, d)`: noise by latent."""
    z = tf.constant(z)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(z)
        noise = flow.to_noise(z, hot)[0]
        columns = tf.unstack(noise, axis=1)
    rows = [tape.gradient(column, z) for column in columns]
    return noise.numpy(), np.stack(rows, axis=1)


@every_shape
def test_log_determinant_of_the_jacobian(kind, latent_dim, num_classes):
    """The change of variables, by the noise's derivatives in the latents."""
    flow = make_flow(latent_dim, num_classes, kind=kind)
    z, hot = latents(40, latent_dim), labels(40, num_classes)
    noise, jacobian = noise_and_jacobian(flow, z, hot)
    sign, log_determinant = np.linalg.slogdet(np.float64(jacobian))
    assert (sign > 0).all()
    assert np.abs(log_determinant).max() > 0.1
    wanted = scipy.stats.norm.logpdf(noise).sum(axis=-1) + log_determinant
    came = flow.distribution(hot).log_prob(z)
    np.testing.assert_allclose(came, wanted, atol=1e-4)


@every_shape
def test_that_jacobian_by_numbers(kind, latent_dim, num_classes):
    """Along lines of one latent it sums up to the way that the noise went."""
    flow = make_flow(latent_dim, num_classes, kind=kind)
    points = 401
    hot = labels(1, num_classes)
    if hot is not None:
        hot = tf.repeat(hot, points, axis=0)
    for latent in range(latent_dim):
        line = np.repeat(latents(1, latent_dim), points, axis=0)
        line[:, latent] = np.linspace(-4, 4, points)
        noise, jacobian = noise_and_jacobian(flow, line, hot)
        went = np.trapezoid(jacobian[:, :, latent], line[:, latent], axis=0)
        np.testing.assert_allclose(went, noise[-1] - noise[0], atol=2e-3)


@every_shape
def test_both_directions_are_inverse(kind, latent_dim, num_classes):
    flow = make_flow(latent_dim, num_classes, changed=0.06, kind=kind)
    z, hot = latents(200, latent_dim), labels(200, num_classes)
    noise = flow.to_noise(z, hot)[0].numpy()
    assert (np.abs(noise - z).max(axis=0) > 0.05).all()  # every latent
    back = flow.from_normal(tf.constant(noise), hot)
    np.testing.assert_allclose(back, z, atol=1e-5)
    there = flow.to_noise(flow.from_normal(tf.constant(z), hot), hot)[0]
    np.testing.assert_allclose(there, z, atol=1e-5)


def test_each_latent_may_depend_on_each():
    """After six couplings, for the halves are shuffled."""
    flow = make_flow(7, couplings=6)
    _, jacobian = noise_and_jacobian(flow, latents(1, 7), None)
    assert (jacobian != 0).all()


@pytest.mark.parametrize("num_classes", [None, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_begins_as_the_identity(kind, num_classes):
    """And as the standard normal's divergence, -H(q) - log p at the draws."""
    flow = make_flow(3, num_classes, changed=0, kind=kind)
    z, hot = latents(50, 3), labels(50, num_classes)
    np.testing.assert_allclose(flow.from_normal(z, hot), z, atol=1e-6)
    mean, stddev = np.float32([0.3, -1.0, 0.0]), np.float32([0.5, 0.1, 1.0])
    q = scipy.stats.norm(mean, stddev)
    posterior = tfgen.probability.independent_normal(mean, stddev)
    wanted = -(q.entropy() + scipy.stats.norm.logpdf(z)).sum(axis=-1)
    came = kl_divergence(posterior, flow.distribution(hot), z)
    np.testing.assert_allclose(came, wanted, rtol=1e-5, atol=1e-5)


GRID = np.linspace(-9, 9, 361)


@pytest.fixture(scope="module", params=KINDS)
def on_a_grid(request):
    """A flow of two latents and two classes, and the second's density."""
    flow = make_flow(2, 2, changed=0.15, kind=request.param)
    points = np.stack(np.meshgrid(GRID, GRID, indexing="ij"), axis=-1)
    points = np.float32(points.reshape(-1, 2))
    hot = tf.one_hot(np.ones(len(points), int), 2)
    density = np.exp(flow.distribution(hot).log_prob(points))
    return flow, density.reshape(len(GRID), -1)


def test_integrates_to_one(on_a_grid):
    flow, density = on_a_grid
    normal = scipy.stats.norm.pdf(GRID)
    assert np.abs(density - np.outer(normal, normal)).max() > 0.02
    integral = density.sum() * (GRID[1] - GRID[0]) ** 2
    assert integral == pytest.approx(1, abs=2e-3)


def test_draws_have_the_density(on_a_grid):
    """Kolmogorov and Smirnov's test of both latents and of their product."""
    flow, density = on_a_grid
    rows = 20_000
    noise = np.float32(np.random.default_rng(2).normal(size=(rows, 2)))
    hot = tf.one_hot(np.ones(rows, int), 2)
    draws = flow.from_normal(tf.constant(noise), hot).numpy()
    for axis in range(2):
        marginal = density.sum(axis=1 - axis)
        ends = np.cumsum(marginal) / marginal.sum()
        middles = GRID + (GRID[1] - GRID[0]) / 2

        def below(z, ends=ends, middles=middles):
            return np.interp(z, middles, ends)

        assert scipy.stats.kstest(draws[:, axis], below).pvalue > 0.01
        assert scipy.stats.kstest(draws[:, axis], "norm").pvalue < 1e-9
    wanted = (density * np.outer(GRID, GRID)).sum() / density.sum()
    product = draws.prod(axis=1)
    error = product.std() / np.sqrt(rows)
    assert abs(product.mean() - wanted) < 4 * error


def test_sample_is_from_normal():
    flow = make_flow(2, 2)
    hot = labels(6, 2)
    distribution = flow.distribution(hot)
    draws = distribution.sample(4000, seed=1)
    assert draws.shape == (4000, 6, 2)
    noise = np.random.default_rng(3).normal(size=(4000, 2))
    for row in range(2):
        one = tf.repeat(hot[row : row + 1], 4000, axis=0)
        others = flow.from_normal(tf.constant(noise, tf.float32), one)
        for axis in range(2):
            test = scipy.stats.ks_2samp(draws[:, row, axis], others[:, axis])
            assert test.pvalue > 0.01


@pytest.mark.parametrize("kind", KINDS)
def test_shapes_of_latents(kind):
    """One for all, a batch, and draws of a batch; each row by its label."""
    flow = make_flow(3, 2, kind=kind)
    hot = labels(4, 2)
    z = np.stack([latents(4, 3), -latents(4, 3)])
    distribution = flow.distribution(hot)
    assert distribution.batch_shape == (4,)
    assert distribution.event_shape == (3,)
    together = distribution.log_prob(z)
    assert together.shape == (2, 4)
    for draw in range(2):
        for row in range(4):
            one = flow.distribution(hot[row : row + 1])
            alone = one.log_prob(z[draw, row : row + 1])
            np.testing.assert_allclose(alone[0], together[draw, row], rtol=1e-5)
    for_all = distribution.log_prob(z[0, 0])
    np.testing.assert_allclose(for_all[::2], for_all[0], rtol=1e-6)
    assert abs(for_all[1] - for_all[0]) > 1e-3
    free = make_flow(3, kind=kind).distribution()
    assert free.batch_shape == ()
    assert free.log_prob(z).shape == (2, 4)
    assert free.log_prob(z[0, 0]).shape == ()


def test_any_number_of_rows_in_a_graph():
    flow = make_flow(3, 2)
    rows = tf.TensorSpec((None, 3)), tf.TensorSpec((None, 2))

    @tf.function(input_signature=rows)
    def log_prob(z, hot):
        return flow.distribution(hot).log_prob(z)

    wanted = flow.distribution(labels(5, 2)).log_prob(latents(5, 3))
    came = log_prob(latents(5, 3), labels(5, 2))
    np.testing.assert_allclose(came, wanted, rtol=1e-5)
    assert log_prob(latents(2, 3), labels(2, 2)).shape == (2,)


def test_tails_are_the_identity():
    flow = make_flow(4, changed=0.5)
    z = np.float32([[5.01, -6, 30, -1e3], [-5.01, 5, -5, 5.5]])
    noise, log_determinant = flow.to_noise(z, None)
    np.testing.assert_array_equal(noise, z)
    np.testing.assert_array_equal(log_determinant, [0, 0])
    np.testing.assert_array_equal(flow.from_normal(z), z)


@pytest.fixture(scope="module")
def spline():
    """A coupling far from the identity, and TensorFlow Probability's."""
    keras.utils.set_random_seed(0)
    coupling = couplings.SplineCoupling(3, 2, (6,), bins=5)
    move(coupling, 0.7)
    seen = tf.constant(latents(500, 3))
    raw = np.float64(coupling._raw(seen))
    widths, heights, slopes = np.split(raw, [5, 10], axis=-1)
    sizes = [
        np.float32(10 * (0.001 + 0.995 * scipy.special.softmax(each, axis=-1)))
        for each in (widths, heights)
    ]
    # Of 0 the slope is 1, and the least slope 0.001.
    start = np.log(np.expm1(0.999))
    slopes = 0.001 + np.log1p(np.exp(slopes + start))
    other = tfp.bijectors.RationalQuadraticSpline(
        *sizes, np.float32(slopes), range_min=-5
    )
    return coupling, seen, other


def test_splines_as_in_tensorflow_probability(spline):
    coupling, seen, other = spline
    z = latents(500, 2, spread=2.5)
    assert (np.abs(z) > 5).any()
    noise, log_determinant = coupling.to_noise(z, seen)
    # Rounding of a knot shows as much as the spline is steep there.
    slopes = np.exp(other.forward_log_det_jacobian(z, event_ndims=0))
    error = np.abs(noise - other.forward(z)) / np.maximum(slopes, 1)
    assert error.max() < 2e-5
    wanted = other.forward_log_det_jacobian(z, event_ndims=1)
    np.testing.assert_allclose(log_determinant, wanted, atol=1e-4)
    back = coupling.from_noise(z, seen)
    slopes = np.exp(other.inverse_log_det_jacobian(z, event_ndims=0))
    error = np.abs(back - other.inverse(z)) / np.maximum(slopes, 1)
    assert error.max() < 2e-5


def test_increases_through_all_knots(spline):
    coupling, seen, _ = spline
    line = np.float32(np.linspace(-5.5, 5.5, 2001))
    both = np.stack([line, line], axis=1)
    for row in range(3):
        one = tf.repeat(seen[row : row + 1], 2001, axis=0)
        steps = np.diff(coupling.to_noise(both, one)[0], axis=0)
        assert (steps > 0).all()


@pytest.mark.parametrize("direction", ["log_prob", "from_normal"])
@pytest.mark.parametrize("kind", KINDS)
def test_gradients_far_outside_and_at_knots(kind, direction):
    flow = make_flow(2, kind=kind, bins=10)
    places = (0.0, 1.0, 5.0, -5.0, 30.0, -30.0, 1e4)
    grid = np.stack(np.meshgrid(places, places), axis=-1).reshape(-1, 2)
    z = tf.constant(grid, tf.float32)
    function = flow.from_normal
    if direction == "log_prob":
        function = flow.distribution().log_prob
    with tf.GradientTape() as tape:
        tape.watch(z)
        values = function(z)
    gradients = tape.gradient(values, [z, *flow.trainable_variables])
    for gradient in gradients:
        assert np.isfinite(gradient).all()
    # No more than the last layers' biases in a flow at its start is 0.
    assert all(np.abs(gradient).max() > 0 for gradient in gradients)


@pytest.mark.parametrize("direction", ["to_noise", "from_noise"])
def test_what_is_not_chosen_has_no_gradient(spline, direction):
    """Outside, where the squares of what splines would give are infinite."""
    coupling, seen, _ = spline
    far = tf.constant([[1e20, -1e20]])
    with tf.GradientTape() as tape:
        values = getattr(coupling, direction)(far, seen[:1])
    for gradient in tape.gradient(values, coupling.trainable_variables):
        assert np.isfinite(0.0 if gradient is None else gradient).all()


def test_steep_bins_have_inverses():
    """Near a flat end rounding makes discriminants negative."""
    risen = np.float32(1 - np.arange(200) * 2.0**-24)[:, None]
    piece = couplings._Piece(
        left=tf.fill(risen.shape, -0.01),
        bottom=-4.9,
        width=0.01,
        height=9.8,
        start=1e-3,
        end=1e-3,
    )
    share = piece.share(risen).numpy()
    assert (np.abs(share - 1) < 0.01).all()


def test_float32_under_mixed_precision():
    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        flow = make_flow(3)
        z = latents(20, 3)
        noise = flow.to_noise(z, None)[0]
        back = flow.from_normal(noise)
    finally:
        keras.mixed_precision.set_global_policy("float32")
    assert flow.distribution().log_prob(z).dtype == tf.float32
    np.testing.assert_allclose(back, z, atol=1e-5)
    plain = make_flow(3)
    for weight, value in zip(plain.weights, flow.weights, strict=True):
        weight.assign(value)
    np.testing.assert_array_equal(noise, plain.to_noise(z, None)[0])


@pytest.mark.parametrize(
    ("latent_dim", "num_classes", "prior"),
    [
        (1, None, {"couplings": 2, "units": (8,)}),
        (3, 2, {"couplings": 2, "units": (8,), "kind": "affine"}),
    ],
    ids=["one latent", "affine with labels"],
)
def test_a_vae_trains_and_is_saved(latent_dim, num_classes, prior, tmp_path):
    x = np.random.default_rng(0).normal(size=(32, 4))
    y = np.arange(32) % 2 if num_classes else None
    vae = tfgen.build(
        "vae",
        input_shape=(4,),
        latent_dim=latent_dim,
        num_classes=num_classes,
        prior=Flow(**prior),
        seed=0,
    )
    before = [weight.numpy() for weight in vae.prior.trainable_variables]
    vae.compile(steps_per_execution=2)
    history = vae.fit(x, y, batch_size=8, epochs=1, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    for weight, old in zip(vae.prior.trainable_variables, before, strict=True):
        assert (weight.numpy() != old).any(), weight.path
    vae.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.prior.get_config() == vae.prior.get_config()
    given = {} if y is None else {"labels": y[:6]}
    np.testing.assert_array_equal(
        loaded.sample(6, seed=1, **given), vae.sample(6, seed=1, **given)
    )
    np.testing.assert_array_equal(
        loaded.score(x[:6], **given), vae.score(x[:6], **given)
    )


def test_on_two_replicas(two_replicas):
    """Each gives the log density of its rows."""
    z = latents(8, 3)
    with two_replicas.scope():
        flow = make_flow(3)

    @tf.function
    def log_prob():
        def own():
            number = (
                tf.distribute.get_replica_context().replica_id_in_sync_group
            )
            return flow.distribution().log_prob(
                tf.gather(tf.constant(z), number * 4 + tf.range(4))
            )

        return two_replicas.experimental_local_results(two_replicas.run(own))

    wanted = flow.distribution().log_prob(z)
    np.testing.assert_allclose(np.concatenate(log_prob()), wanted, rtol=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "planar"}, "kind is 'planar', expected one of spline, aff"),
        ({"couplings": 1}, "couplings is 1, expected 2, 3, 4"),
        ({"bins": 1}, "bins is 1, expected 2 to 500"),
        ({"units": (8, 0)}, r"units is \(8, 0\), expected numbers of 1"),
    ],
)
def test_refusals(options, message):
    with pytest.raises(ValueError, match=message) as raised:
        Flow(**options)
    assert "\n" not in str(raised.value)


def test_no_free_bits():
    with pytest.raises(ValueError, match=r"under Flow latents depend"):
        tfgen.build(
            "vae", input_shape=(4,), latent_dim=2, prior="flow", free_bits=0.1
        )


def test_standard_normal_is_the_base():
    """The noise of a draw has the density that the flow says, undone."""
    flow = make_flow(2)
    noise = latents(10, 2)
    z = flow.from_normal(tf.constant(noise))
    _, log_determinant = flow.to_noise(z, None)
    base = standard_normal(2).log_prob(noise)
    came = flow.distribution().log_prob(z)
    np.testing.assert_allclose(came, base + log_determinant, atol=1e-4)
