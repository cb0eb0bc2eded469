"""One dense layer down, one up."""

from tfgen.presets.preset import Preset
from tfgen.probability import Gaussian


def _squared_error():
    # Scale sqrt(1/2): the negative log-likelihood is the sum of squared
    # errors, up to a constant.
    return Gaussian(scale=0.5**0.5, data_range=(0.0, 1.0))


DENSE_VAE = Preset(
    name="dense_vae",
    summary="28x28: one dense layer each way, squared error + beta KL",
    model="vae",
    data="fashion_mnist",
    input_shape=(28, 28, 1),
    options={
        "network": "mlp",
        "network_options": {"units": ()},
        "latent_dim": 16,
        "likelihood": _squared_error,
        "output_activation": "sigmoid",
    },
)
