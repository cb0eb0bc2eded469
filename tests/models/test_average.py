"""The averaged generator, from the weights after each step, in NumPy."""

import keras
import numpy as np

import tfgen

DECAY = 0.3  # above (1 + step) / (10 + step) of the first four steps


def test_weights_and_statistics():
    model = tfgen.build(
        "gan",
        input_shape=(8, 8, 1),
        network="dcgan",
        network_options={"filters": (4,)},
        latent_dim=3,
        average_decay=DECAY,
    )
    model.compile(keras.optimizers.SGD(0.1))
    names = [weight.path for weight in model.generator.weights]
    assert any("moving_variance" in name for name in names)
    expected = model.generator.get_weights()
    assert len(expected) == len(model.average_generator.get_weights())
    data = np.random.default_rng(0).uniform(-1, 1, (16, 8, 8, 1))
    decays = []
    for step in range(6):
        model.fit(np.float32(data), batch_size=16, verbose=0)
        decays.append(min(DECAY, (1 + step) / (10 + step)))
        expected = [
            decays[-1] * a + (1 - decays[-1]) * w
            for a, w in zip(
                expected, model.generator.get_weights(), strict=True
            )
        ]
    assert decays[0] < decays[2] < decays[4] == DECAY
    averaged = model.average_generator.get_weights()
    for name, a, b in zip(names, averaged, expected, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6, err_msg=name)
    apart = [
        np.abs(a - w).max()
        for a, w in zip(averaged, model.generator.get_weights(), strict=True)
    ]
    assert max(apart) > 1e-3


def test_samples_are_the_average_s():
    model = tfgen.build("gan", input_shape=(3,), latent_dim=2)
    latents = np.float32([[0.5, -1.0]])
    average = model.average_generator
    average.set_weights([w + 0.1 for w in average.get_weights()])
    np.testing.assert_allclose(
        model.decode(latents), average(latents), atol=1e-6
    )
    assert np.abs(model.decode(latents) - model.generator(latents)).max() > 1e-2
