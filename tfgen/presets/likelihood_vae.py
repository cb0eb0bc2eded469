"""For likelihoods that compare with published ones."""

from tfgen.presets.preset import Preset
from tfgen.probability import Bernoulli


def _binarised():
    return Bernoulli(targets="dynamic")


LIKELIHOOD_VAE = Preset(
    name="likelihood_vae",
    summary="binarised 28x28: dense 300-300, latent 40, slow beta warm-up",
    model="vae",
    data="fashion_mnist",
    input_shape=(28, 28, 1),
    batch_size=100,
    epochs=400,
    learning_rate=5e-4,
    options={
        "network": "mlp",
        "network_options": {"units": (300, 300)},
        "latent_dim": 40,
        "likelihood": _binarised,
        "beta_warmup_steps": 50_000,
    },
)
