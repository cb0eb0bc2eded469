import types

import numpy as np
import pytest

import tfgen
from tfgen.models.with_reading import WithReading


class StandIn(WithReading):
    """A model whose every answer can be worked out by hand.

    It encodes the first values of an example, decodes latents to equal
    pixels, reconstructs the negative, and remembers which labels it got.
    """

    def __init__(
        self, shape, latent_dim=2, num_classes=None, data_range=(0, 1), has=()
    ):
        self.data_shape = shape
        self.latent_dim = latent_dim
        self.num_classes = num_classes
        self.data_range = data_range
        self.has = has or ("generate", "decode", "encode", "reconstruct")
        self.encodes = "encode" in self.has
        self.labels = {}

    def endpoints(self):
        return dict.fromkeys(self.has)

    def sample(self, num_samples, *, seed=None, labels=None):
        self.labels["sample"] = labels
        rng = np.random.default_rng(seed)
        x = rng.random((num_samples, *self.data_shape))
        if labels is not None:
            x = x * 0 + labels.reshape(-1, *[1] * len(self.data_shape))
        return x.astype(np.float32)

    def encode(self, x, labels=None):
        self.labels["encode"] = labels
        return x.reshape(len(x), -1)[:, : self.latent_dim]

    def decode(self, latents, labels=None):
        self.labels["decode"] = labels
        return self.pixels(latents)

    def pixels(self, latents):
        mean = latents.mean(axis=1) / 5 + 0.5
        shape = (len(latents), *[1] * len(self.data_shape))
        return np.tile(mean.reshape(shape), (1, *self.data_shape))

    def reconstruct(self, x, labels=None):
        self.labels["reconstruct"] = labels
        low, high = self.data_range or (-1, 1)
        return high + low - x


@pytest.fixture
def stand_in():
    return StandIn


@pytest.fixture
def make_source():
    """A source of random rows: `make_source(shape, classes=None)`."""

    def make(shape, classes=None, rows=60, value_range=(0, 1)):
        rng = np.random.default_rng(0)
        x = rng.random((rows, *shape), dtype=np.float32)
        labels = None if classes is None else np.arange(rows) % classes
        options = {}
        if len(shape) == 3:
            if value_range is not None:
                x = x * (value_range[1] - value_range[0]) + value_range[0]
            options["value_range"] = value_range
        return tfgen.data.from_arrays(x, labels, **options)

    return make


@pytest.fixture
def texts(monkeypatch):
    """Collects the texts that figures hold when they are drawn."""
    import matplotlib.text
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    found = types.SimpleNamespace(all=[])
    draw = FigureCanvasAgg.draw

    def watched(canvas):
        draw(canvas)
        found.all += [
            text.get_text()
            for text in canvas.figure.findobj(matplotlib.text.Text)
            if text.get_text()
        ]

    monkeypatch.setattr(FigureCanvasAgg, "draw", watched)
    return found
