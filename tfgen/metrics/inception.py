import keras
import tensorflow as tf

SIDE = 299
WEIGHTS = "inception_v3_weights_tf_dim_ordering_tf_kernels.h5"


def inception_extractor(weights: str = "imagenet") -> keras.Model:
    """InceptionV3: 2,048 features and the logits of 1,000 classes.

    Takes images `(n, height, width, 1 or 3)` of pixels in [0, 1], of any size:
    they are resized to 299 x 299 with an antialiasing bicubic filter and not
    rounded, as Parmar et al. (2022) do ("On aliased resizing", clean-fid).
    Grey images are shown as colour ones.

    These are Keras' weights, trained anew on ImageNet, not those of the
    original FID: distances compare with each other, not with published ones.

    Args:
        weights: `"imagenet"`, which Keras downloads once, or the path of its
            file of weights, with the top.

    Raises:
        FileNotFoundError: if the weights are neither at hand nor to be had.

    Reference:
        Szegedy et al. (2016), "Rethinking the Inception architecture for
        computer vision".

    Example:
    >>> tfgen.metrics.inception_extractor("/no/such.weights.h5")
    Traceback (most recent call last):
    FileNotFoundError: the ImageNet weights of InceptionV3 cannot be loaded ...
    """
    network = _network(weights)
    images = keras.Input((None, None, None), name="pixels")
    x = Prepare(name="prepare")(images)
    pooled = network.get_layer("avg_pool").output
    both = keras.Model(network.input, [pooled, network.output])
    features, logits = both(x)
    return keras.Model(
        images, {"features": features, "logits": logits}, name="inception_v3"
    )


def _network(weights):
    try:
        return keras.applications.InceptionV3(
            weights=weights, classifier_activation=None
        )
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise FileNotFoundError(
            f"the ImageNet weights of InceptionV3 cannot be loaded ({reason}): "
            f"put Keras' file {WEIGHTS} into ~/.keras/models, or use the "
            "features of a classifier of your own data, "
            "tfgen.metrics.fit_extractor."
        ) from error


@keras.saving.register_keras_serializable(package="tfgen")
class Prepare(keras.layers.Layer):
    """Pixels in [0, 1] of any size to what InceptionV3 takes."""

    def call(self, pixels: tf.Tensor) -> tf.Tensor:
        if pixels.shape[-1] == 1:
            pixels = tf.image.grayscale_to_rgb(pixels)
        resized = tf.image.resize(
            pixels, (SIDE, SIDE), method="bicubic", antialias=True
        )
        resized = tf.clip_by_value(resized, 0.0, 1.0)
        return tf.ensure_shape(2.0 * resized - 1.0, (None, SIDE, SIDE, 3))

    def compute_output_shape(self, shape: tuple) -> tuple:
        return (shape[0], SIDE, SIDE, 3)
