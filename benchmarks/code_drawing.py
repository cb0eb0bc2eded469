"""What drawing codes costs, in passes of a VQ-VAE's decoder.

    python benchmarks/code_drawing.py

draws 256 grids of 7 x 7 of 256 codes, with what layers keep and by a whole pass
of the prior for each place, which gives the same codes. Medians of seven pairs,
in processor time.
"""

import statistics
import time

import keras
import numpy as np
import tensorflow as tf

import tfgen

ROWS = 256
PAIRS = 7


def seconds(function):
    start = time.process_time()
    function()
    return time.process_time() - start


def main():
    model = tfgen.build("vq_vae", input_shape=(28, 28, 1), num_codes=256)
    random = np.random.default_rng(0)
    for weight in model.code_prior.weights:  # or all codes are equally likely
        weight.assign_add(random.normal(size=weight.shape) * 0.05)
    noise = tf.constant(random.normal(size=(ROWS, model.noise_dim)), "float32")
    vectors = tf.zeros((ROWS, *model.grid, model.latent_dim))

    plain = with_plain_prior(model)
    ways = {
        "kept": tf.function(lambda: model.drawn_codes(noise)),
        "passes": tf.function(lambda: plain.drawn_codes(noise)),
        "decoder": tf.function(lambda: model.decoder(vectors)),
    }
    same = np.mean(ways["kept"]() == ways["passes"]())
    ways["decoder"]()
    times = [
        {name: seconds(f) for name, f in ways.items()} for _ in range(PAIRS)
    ]
    for above, below in (("passes", "kept"), ("kept", "decoder")):
        ratios = sorted(t[above] / t[below] for t in times)
        middle = statistics.median(ratios)
        print(
            f"{above} / {below}: {middle:.1f} "
            f"({ratios[0]:.1f} to {ratios[-1]:.1f})"
        )
    print(f"equal codes: {same:.4f}")


def with_plain_prior(model):
    """The same weights, in a network that keeps nothing."""
    prior = model.code_prior
    network = keras.Model(prior.inputs, prior.outputs[0])
    return tfgen.VQVAE(model.encoder, model.decoder, network)


if __name__ == "__main__":
    main()
