"""Which layers treat rows one by one, each for a reason of its own."""

import keras
import pytest

import tfgen
from tfgen.layers.row_by_row import (
    changes_itself,
    draws_for_batch,
    mixes_rows,
    trains_row_by_row,
)

layers = keras.layers
ASKED = {
    "mixes": mixes_rows,
    "changes": changes_itself,
    "draws": draws_for_batch,
}


@pytest.mark.parametrize(
    "layer, holds",
    [
        (layers.Dense(2), set()),
        (layers.LayerNormalization(), set()),
        (tfgen.layers.Dropout(0.5), set()),
        (layers.BatchNormalization(), {"mixes"}),
        (tfgen.layers.BatchNormalization(), {"mixes"}),
        (tfgen.layers.MinibatchStddev(), {"mixes"}),
        (tfgen.layers.SpectralDense(2), {"changes"}),
        (layers.SpectralNormalization(layers.Dense(2)), {"changes"}),
        (layers.Dropout(0.5), {"draws"}),
        (layers.GaussianNoise(0.1), {"draws"}),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_layers(layer, holds):
    assert {name for name, asked in ASKED.items() if asked(layer)} == holds
    nested = keras.Sequential([keras.Input((3,)), layer])
    network = keras.Sequential([keras.Input((3,)), nested, layers.Dense(1)])
    alone = not holds and not isinstance(layer, tfgen.layers.Dropout)
    assert trains_row_by_row(network) == alone
