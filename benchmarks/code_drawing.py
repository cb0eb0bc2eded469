"""What drawing by masked convolutions costs, in passes of networks.

    python benchmarks/code_drawing.py

draws 256 grids of 7 x 7 of 256 codes of a VQ-VAE, and images of 28 x 28 under
the likelihood `autoregressive` of a VAE, one and 64: with what layers keep, and
by a whole pass of the network for each place, which gives the same. Medians of
seven pairs, in processor time. A pass of p(x|z) is what the probability of an
image takes: decoder and masked network.
"""

import statistics
import time

import tfgen  # isort: skip  (loads TensorFlow without its chatter)
import keras
import numpy as np
import tensorflow as tf

ROWS = 256
PAIRS = 7
SIDE = 28


def main():
    compare("256 grids of codes", code_ways())
    for images in (1, 64):
        compare(f"{images} images", image_ways(images))


def compare(title, ways):
    """Prints how many times as long each way takes as the next one."""
    print(title)
    drawn = [way() for name, way in ways.items() if name in ("passes", "kept")]
    ways = {name: tf.function(way) for name, way in ways.items()}
    for way in ways.values():
        way()
    times = [
        {name: seconds(way) for name, way in ways.items()} for _ in range(PAIRS)
    ]
    names = list(ways)
    for above, below in zip(names, names[1:], strict=False):
        ratios = sorted(t[above] / t[below] for t in times)
        print(
            f"  {above} / {below}: {statistics.median(ratios):.1f} "
            f"({ratios[0]:.1f} to {ratios[-1]:.1f})"
        )
    if len(drawn) == 2:
        print(f"  equal values: {np.mean(np.isclose(*drawn)):.4f}")


def seconds(function):
    start = time.process_time()
    function()
    return time.process_time() - start


def code_ways():
    model = tfgen.build("vq_vae", input_shape=(SIDE, SIDE, 1), num_codes=256)
    random = np.random.default_rng(0)
    move(model.code_prior, random)  # or all codes are equally likely
    noise = tf.constant(random.normal(size=(ROWS, model.noise_dim)), "float32")
    vectors = tf.zeros((ROWS, *model.grid, model.latent_dim))
    plain = with_plain_prior(model)
    return {
        "passes": lambda: plain.drawn_codes(noise),
        "kept": lambda: model.drawn_codes(noise),
        "decoder": lambda: model.decoder(vectors),
    }


def image_ways(images):
    model = tfgen.build(
        "vae",
        input_shape=(SIDE, SIDE, 1),
        network="conv",
        likelihood="autoregressive",
    )
    random = np.random.default_rng(0)
    likelihood, decoder = model.likelihood, model.decoder
    move(likelihood, random)
    latents = tf.constant(random.normal(size=(images, 16)), "float32")
    shape = (images, SIDE, SIDE, 1)
    uniform = tf.constant(random.random(shape), "float32")
    x = tf.zeros(shape)
    ways = {
        "kept": lambda: likelihood.sample(decoder(latents), uniform),
        "p(x|z)": lambda: likelihood.log_prob(x, decoder(latents)),
        "decoder": lambda: decoder(latents),
    }
    if images > 1:  # a minute each
        return ways
    passes = {"passes": lambda: drawn_by_passes(model, latents, uniform)}
    return passes | ways


def drawn_by_passes(model, latents, uniform):
    likelihood, outputs = model.likelihood, model.decoder(latents)

    def draw_next(place, x):
        parameters = likelihood.pixel_parameters(x, outputs)
        drawn = likelihood.of.sample(parameters, uniform)
        here = tf.reshape(tf.range(SIDE**2) == place, (SIDE, SIDE, 1))
        return place + 1, tf.where(here, drawn, x)

    start = (0, tf.zeros_like(uniform))
    return tf.while_loop(lambda place, _: place < SIDE**2, draw_next, start)[1]


def move(layer, random):
    for weight in layer.weights:
        weight.assign_add(random.normal(size=weight.shape) * 0.05)


def with_plain_prior(model):
    """The same weights, in a network that keeps nothing."""
    prior = model.code_prior
    network = keras.Model(prior.inputs, prior.outputs[0])
    return tfgen.VQVAE(model.encoder, model.decoder, network)


if __name__ == "__main__":
    main()
