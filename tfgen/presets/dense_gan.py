"""Grey images of 28x28 by dense layers."""

from tfgen.presets.adam import adam
from tfgen.presets.preset import Preset

DENSE_GAN = Preset(
    name="dense_gan",
    summary="28x28: dense 128-128 with LeakyReLU 0.2, cross-entropy",
    model="gan",
    data="fashion_mnist",
    input_shape=(28, 28, 1),
    batch_size=128,
    epochs=20,
    learning_rate=None,
    optimizers=adam(2e-4, 0.5, 0.999),
    options={
        "network": "mlp",
        # Keras' leaky_relu has a slope of 0.2.
        "network_options": {"units": (128, 128), "activation": "leaky_relu"},
        "latent_dim": 100,
        "loss": "non_saturating",
        "penalties": [],
        "average_decay": 0.0,
    },
)
