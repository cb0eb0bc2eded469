"""A GAN's step against NumPy and against a step written out at length."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgen
from tfgen import losses
from tfgen.training import GlobalBatch

DATA = np.float32(np.random.default_rng(0).normal(size=(12, 3)))


def networks(packing=1, regularizer=None):
    generator = keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Dense(5, "tanh", kernel_regularizer=regularizer),
            keras.layers.Dense(3),
        ]
    )
    discriminator = keras.Sequential(
        [
            keras.Input((3 * packing,)),
            keras.layers.Dense(6, "tanh", kernel_regularizer=regularizer),
            keras.layers.Dense(1),
        ]
    )
    return generator, discriminator


def train(model, rows=12, rate=0.1):
    # A step or two: tracing them takes longer.
    model.compile(keras.optimizers.SGD(rate), run_eagerly=True)
    data = tf.data.Dataset.from_tensors(DATA[:rows])
    return model.fit(data, verbose=0).history


@pytest.mark.parametrize(
    "name, regularizer",
    [
        *((name, None) for name in losses.ADVERSARIAL_LOSSES),
        ("hinge", "l2"),
        *(
            pytest.param(name, "l2", marks=pytest.mark.slow)
            for name in losses.ADVERSARIAL_LOSSES
            if name != "hinge"
        ),
    ],
)
def test_step_is_that_of_two_fresh_passes(name, regularizer):
    """Sharing the generator's pass saves work and changes nothing."""
    keras.utils.set_random_seed(1)
    model = tfgen.GAN(
        *networks(regularizer=regularizer),
        name,
        penalties=[losses.R1(0.3)],
        discriminator_steps=1,
        average_decay=0.0,
        seed=4,
    )
    generator, discriminator = (
        keras.models.clone_model(n)
        for n in (model.generator, model.discriminator)
    )
    generator.set_weights(model.generator.get_weights())
    discriminator.set_weights(model.discriminator.get_weights())

    batch = GlobalBatch(tf.constant(DATA), None, 4, tf.constant(0, tf.int64))
    latents = batch.normal((2,), "latent_0")
    loss = losses.get_adversarial_loss(name)

    def descend(network, value, tape):
        variables = network.trainable_variables
        gradients = tape.gradient(value, variables)
        for variable, gradient in zip(variables, gradients, strict=True):
            variable.assign_sub(0.1 * gradient)
        return np.sqrt(sum(np.sum(g.numpy() ** 2) for g in gradients))

    def decay(network):
        if regularizer is None:
            return 0.0
        return 0.01 * tf.reduce_sum(network.layers[0].kernel ** 2)

    with tf.GradientTape() as tape:
        x = tf.constant(DATA)
        with tf.GradientTape() as inner:
            inner.watch(x)
            real = discriminator(x)[:, 0]
        slope = tf.reduce_sum(inner.gradient(real, x) ** 2, axis=1)
        fake = discriminator(generator(latents))[:, 0]
        each = loss.discriminator_loss(real, fake) + 0.3 * 0.5 * slope
        value = tf.reduce_mean(each) + decay(discriminator)
    norms = {"discriminator": descend(discriminator, value, tape)}
    with tf.GradientTape() as tape:
        real = discriminator(DATA)[:, 0]
        fake = discriminator(generator(latents))[:, 0]
        value = tf.reduce_mean(loss.generator_loss(real, fake))
        value += decay(generator)
    norms["generator"] = descend(generator, value, tape)

    logs = train(model)
    for ours, expected in (
        (model.generator, generator),
        (model.discriminator, discriminator),
    ):
        for a, b in zip(
            ours.get_weights(), expected.get_weights(), strict=True
        ):
            np.testing.assert_allclose(a, b, atol=1e-6)
    for network, norm in norms.items():
        np.testing.assert_allclose(
            logs[f"{network}_gradient_norm"], norm, rtol=1e-5
        )


class TestPacking:
    def test_examples_lie_side_by_side(self):
        rows = np.arange(2 * 2 * 3 * 2).reshape(4, 3, 2)
        batch = GlobalBatch(tf.constant(rows), None, 0, 0, group_size=2)
        packed = batch.grouped(tf.constant(rows), 2).numpy()
        expected = np.concatenate([rows[::2], rows[1::2]], axis=-1)
        np.testing.assert_array_equal(packed, expected)

    def test_left_over_rows_weigh_nothing(self):
        """11 rows in packs of 3: as a batch of the first 9."""
        weights = []
        for rows in (9, 11):
            keras.utils.set_random_seed(1)
            model = tfgen.GAN(*networks(packing=3), packing=3)
            logs = train(model, rows)
            weights.append(model.get_weights())
        for a, b in zip(*weights, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-7)
        assert np.isfinite(logs["generator_loss"]).all()

    def test_gradient_penalty_is_of_whole_packs(self):
        """D(x) = sum of w x over a pack of two: ||dD/dx||^2 = 2 ||w||^2."""
        linear = keras.Sequential(
            [keras.Input((6,)), keras.layers.Dense(1, use_bias=False)]
        )
        w = np.float32([[0.1, 0.2, 0.3] * 2]).T
        linear.set_weights([w])
        model = tfgen.GAN(
            networks()[0], linear, penalties=[losses.R1(1.0)], packing=2
        )
        logs = train(model, rate=0.0)
        np.testing.assert_allclose(
            logs["gradient_penalty"], 0.5 * np.sum(w**2), rtol=1e-5
        )

    def test_discriminator_of_single_examples(self):
        with pytest.raises(ValueError, match="expected 2 of them side by side"):
            tfgen.GAN(*networks(), packing=2)


class TestFeatureMatching:
    def test_value(self):
        keras.utils.set_random_seed(1)
        model = tfgen.GAN(*networks(), feature_matching=2.0, seed=4)
        hidden = model.discriminator.layers[0]
        batch = GlobalBatch(tf.constant(DATA), None, 4, 0)
        fake = model.generator(batch.normal((2,), "latent_0"))
        gap = hidden(fake).numpy().mean(0) - hidden(DATA).numpy().mean(0)
        logs = train(model, rate=0.0)
        np.testing.assert_allclose(
            logs["feature_loss"], np.sum(gap**2), rtol=1e-5
        )

    def test_gradient(self):
        """With D = 0 the distance alone moves the generator."""
        generator, discriminator = networks()
        keras.utils.set_random_seed(1)
        model = tfgen.GAN(
            generator,
            discriminator,
            "wasserstein",
            penalties=[],
            discriminator_steps=1,
            feature_matching=2.0,
            average_decay=0.0,
            seed=4,
        )
        hidden, last = discriminator.layers
        last.set_weights([np.zeros((6, 1)), np.zeros(1)])
        batch = GlobalBatch(tf.constant(DATA), None, 4, 0)
        variables = generator.trainable_variables
        with tf.GradientTape() as tape:
            fake = hidden(generator(batch.normal((2,), "latent_0")))
            gap = tf.reduce_mean(fake, 0) - tf.reduce_mean(hidden(DATA), 0)
            distance = tf.reduce_sum(gap**2)
        expected = [
            w - 0.1 * 2.0 * g
            for w, g in zip(
                generator.get_weights(),
                [g.numpy() for g in tape.gradient(distance, variables)],
                strict=True,
            )
        ]
        model.compile(
            {
                "generator": keras.optimizers.SGD(0.1),
                "discriminator": keras.optimizers.SGD(0.0),
            }
        )
        data = tf.data.Dataset.from_tensors(DATA)
        model.fit(data, verbose=0)
        for a, b in zip(generator.get_weights(), expected, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-6)

    def test_features_beside_a_projection(self):
        """They come before the logit, not from the label's embedding."""
        model = tfgen.build(
            "gan",
            input_shape=(4, 4, 1),
            network="mlp",
            network_options={"units": (7, 5)},
            num_classes=3,
            conditioning="projection",
            feature_matching=1.0,
        )
        features = model.adversary._with_features.outputs[1]
        hidden, of_label = (
            layer
            for layer in model.discriminator.layers
            if getattr(layer, "units", 0) == 5
        )
        assert features is hidden.output
        assert hidden.use_bias and not of_label.use_bias


@pytest.mark.parametrize(
    "options, message",
    [
        ({"discriminator_steps": 0}, "expected a whole number of 1"),
        ({"average_decay": 1.0}, "a finite number from 0 to below 1"),
        ({"feature_matching": -1.0}, "a finite number of 0 or more"),
        ({"packing": 0}, "packing is 0"),
    ],
)
def test_refused(options, message):
    with pytest.raises(ValueError, match=message):
        tfgen.GAN(*networks(), **options)


@pytest.mark.parametrize(
    "options, reason",
    [
        ({"packing": 2}, "it judges 2 examples together"),
        (
            {"discriminator_options": {"minibatch_stddev": True}},
            "lets the examples of a batch see each other",
        ),
        (
            {
                "network": "dcgan",
                "input_shape": (16, 16, 1),
                "discriminator_options": {"batch_norm": True},
            },
            "one moving average cannot stand for both",
        ),
    ],
)
def test_discriminate_is_offered_row_by_row_or_not_at_all(options, reason):
    options = {"input_shape": (8, 8, 1), "network": "mlp", **options}
    model = tfgen.build("gan", **options)
    assert "discriminate" not in model.endpoints()
    with pytest.raises(
        ValueError, match=f"there is no 'discriminate'.*{reason}"
    ):
        model.discriminate(np.zeros((2, 8, 8, 1)))


class TestRowsOfNoWeight:
    """Rows that only fill up a batch leave no trace."""

    def model(self, discriminator_layer, generator_layer=None, packing=2):
        keras.utils.set_random_seed(1)
        middle = [generator_layer] if generator_layer else []
        return tfgen.GAN(
            keras.Sequential(
                [keras.Input((2,)), keras.layers.Dense(4), *middle]
                + [keras.layers.Dense(3)]
            ),
            keras.Sequential(
                [keras.Input((3 * packing,)), keras.layers.Dense(4, "tanh")]
                + [discriminator_layer, keras.layers.Dense(1)]
            ),
            penalties="r1",
            packing=packing,
        )

    @pytest.mark.parametrize("layer", ["BatchNormalization", "MinibatchStddev"])
    def test_slopes(self, layer):
        """The 11th row is no pack of its own."""
        values = []
        for rows in (10, 11):
            model = self.model(getattr(tfgen.layers, layer)())
            values.append(train(model, rows, rate=0.0)["gradient_penalty"])
        assert values[0] == pytest.approx(values[1], rel=1e-5)

    def test_a_batch_of_no_pack(self):
        """It moves nothing but the average of the generator."""
        model = self.model(
            tfgen.layers.BatchNormalization(),
            tfgen.layers.BatchNormalization(),
        )
        train(model, 12)
        networks = model.generator, model.discriminator
        before = [network.get_weights() for network in networks]
        train(model, 1)
        for network, weights in zip(networks, before, strict=True):
            for a, b in zip(network.get_weights(), weights, strict=True):
                np.testing.assert_allclose(a, b, atol=1e-6)
        assert all(np.isfinite(w).all() for w in model.get_weights())


def test_no_batch_is_left_behind():
    train(tfgen.GAN(*networks()))
    assert GlobalBatch.current() is None


def test_each_update_draws_anew():
    """With rate 0 equal noise would make the penalties of both equal."""
    seen = []

    class Spy(losses.GradientPenalty):
        def __call__(self, critique):
            each = super().__call__(critique)
            seen.append(each)
            return each

    model = tfgen.GAN(
        *networks(), "wasserstein", penalties=Spy(), discriminator_steps=2
    )
    model.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
    model.fit(tf.data.Dataset.from_tensors(DATA), verbose=0)
    first, second = (each.numpy() for each in seen)
    assert np.abs(first - second).max() > 1e-4


def test_an_own_penalty_keeps_its_arguments():
    class Own(losses.Penalty):
        def __init__(self, aim):
            super().__init__(weight=1.0)
            self.aim = aim

        def __call__(self, critique):
            return tf.fill(tf.shape(critique.real_logits), self.aim)

    logs = train(tfgen.GAN(*networks(), penalties=[Own(7.0)]))
    assert logs["gradient_penalty"] == pytest.approx([7.0])


@pytest.mark.parametrize(
    "last, expected",
    [
        (["tanh", keras.layers.Reshape((4, 1, 1))], (-1.0, 1.0)),
        (["sigmoid"], (0.0, 1.0)),
        (["tanh", keras.layers.Rescaling(255.0)], None),
        ([None], None),
    ],
)
def test_data_range(last, expected):
    activation, *after = last
    generator = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(4, activation), *after]
    )
    discriminator = keras.Sequential(
        [
            keras.Input(generator.output_shape[1:]),
            keras.layers.Flatten(),
            keras.layers.Dense(1),
        ]
    )
    assert tfgen.GAN(generator, discriminator).data_range == expected


class TestRefusedAtCompile:
    def refused(self, message, model, **arguments):
        with pytest.raises(ValueError, match=message):
            model.compile(**arguments)

    def test_lazy_penalty_and_xla(self):
        model = tfgen.GAN(*networks(), penalties=losses.R1(every=2))
        self.refused("pass every=1, or jit_compile", model, jit_compile=True)

    def test_activity_regularizer(self):
        generator, discriminator = networks()
        generator.layers[0].activity_regularizer = keras.regularizers.L2(0.1)
        model = tfgen.GAN(generator, discriminator)
        self.refused("has an activity_regularizer", model)

    def test_optimizers_of_another_model(self):
        group = tfgen.optimizers.OptimizerGroup({"vae": keras.optimizers.SGD()})
        self.refused(
            "has the keys vae, expected generator, discriminator",
            tfgen.GAN(*networks()),
            optimizer=group,
        )

    def test_lazy_penalty_and_batch_norm_on_replicas(self, two_replicas):
        with two_replicas.scope():
            model = tfgen.build(
                "gan",
                input_shape=(16, 16, 1),
                network="dcgan",
                discriminator_options={"batch_norm": True},
                penalties=losses.R1(every=2),
            )
        self.refused("do not go together", model)


def test_options_beside_networks():
    with pytest.raises(ValueError, match="networks and network_options"):
        tfgen.build(
            "gan",
            input_shape=(3,),
            networks=lambda shape: networks(),
            network_options={"units": (3,)},
        )


def test_nested_discriminator_shows_no_features():
    generator, discriminator = networks()
    x = keras.Input((3,))
    nested = keras.Model(x, discriminator(x))
    with pytest.raises(ValueError, match="not to be seen"):
        tfgen.GAN(generator, nested, feature_matching=1.0)
