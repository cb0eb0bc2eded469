"""Layers that lead back to themselves."""

import keras
import pytest

import tfgen
from tfgen.training.circles import refuse_circles


class Part(keras.layers.Layer):
    """Knows the layer that holds it."""

    def __init__(self, parent, **kwargs):
        super().__init__(**kwargs)
        self._parent = lambda: parent  # which Keras does not track


@keras.saving.register_keras_serializable(package="circles")
class PartWithProperty(Part):
    @property
    def parent(self):
        return self._parent()


@keras.saving.register_keras_serializable(package="circles")
class Whole(keras.layers.Layer):
    def __init__(self, with_property=True, **kwargs):
        super().__init__(**kwargs)
        self.with_property = with_property
        self.part = (PartWithProperty if with_property else Part)(self)

    def build(self, shape):
        self.scale = self.add_weight(shape=(1,), name="scale")
        self.built = True

    def call(self, x):
        return x * self.scale

    def get_config(self):
        return {**super().get_config(), "with_property": self.with_property}


def network(layer):
    return keras.Sequential([keras.Input((4,)), layer, keras.layers.Dense(4)])


def test_keras_cannot_read_what_it_wrote(tmp_path):
    """Once it can, nothing has to be refused."""
    network(Whole()).save(tmp_path / "model.keras")
    with pytest.raises(RecursionError):
        keras.models.load_model(tmp_path / "model.keras")


def test_a_part_that_knows_its_parent_is_refused():
    layers = [keras.Input((2,)), Whole(), keras.layers.Dense(2)]
    decoder = keras.Sequential([keras.Input((1,)), keras.layers.Dense(2)])
    model = tfgen.VAE(keras.Sequential(layers), decoder)
    with pytest.raises(ValueError, match="an attribute 'parent' that leads"):
        model.compile()


def test_a_property_that_is_the_layer_is_refused():
    class Prior(tfgen.probability.StandardNormal):
        @property
        def whole(self):
            return self

    model = tfgen.build("vae", input_shape=(4,), prior=Prior())
    with pytest.raises(ValueError, match="an attribute 'whole' that leads"):
        model.compile()


def test_a_part_may_know_its_parent_otherwise(tmp_path):
    whole = network(Whole(with_property=False))
    refuse_circles(whole)
    whole.save(tmp_path / "model.keras")
    keras.models.load_model(tmp_path / "model.keras")


def test_layers_may_be_shared():
    shared = keras.layers.Dense(4)
    refuse_circles(keras.Sequential([keras.Input((4,)), shared, shared]))
