"""How a model's examples are read: a part of the model."""

import functools
import json
import pathlib
import secrets
import typing

import keras
import numpy as np

from tfgen.data import Batches, Source
from tfgen.data.columns import restored
from tfgen.data.labels import look_up
from tfgen.data.notes import say
from tfgen.data.reading import Reading
from tfgen.data.reading_json import read_reading
from tfgen.models.endpoints import Endpoint, run_in_batches
from tfgen.models.held_out_scores import HeldOutScores, weights_digest

if typing.TYPE_CHECKING:
    import pandas as pd

_FILE = "reading.json"
_LABELS = 0x1ABE15  # apart from other uses of a seed


class WithReading:
    """What a `GenerativeModel` knows of its training data's reading.

    Attributes:
        reading: set by the first `fit` on a `tfgen.data.Source`; it lies in
            the `.keras` file. None for a model that has seen arrays alone.
        held_out_scores: set by `tfgen.detection.Detector.keep`, in the same
            file. None for a model that is no detector.
    """

    reading: Reading | None = None
    held_out_scores: HeldOutScores | None = None

    def __init_subclass__(cls, **kwargs):
        """A subclass with assets of its own keeps the reading, too."""
        super().__init_subclass__(**kwargs)
        for name in ("save_assets", "load_assets"):
            if name in vars(cls):
                setattr(cls, name, _after_reading(name, vars(cls)[name]))

    def read(
        self, data: Source | Batches, with_classes: bool = True
    ) -> Source | Batches:
        """Return examples as the training data were read.

        Args:
            data: read in its own way, such as a table standardized by its own
                rows. Without a reading of the model it comes back as it is.
            with_classes: whether a conditional model needs its labels.

        Raises:
            ValueError: with all that differs: columns, shape, classes.

        Example:
        >>> train = tfgen.data.load("iris")
        >>> vae = tfgen.build("vae", input_shape=train.shape, latent_dim=2)
        >>> vae.compile()
        >>> history = vae.fit(train, verbose=0)
        >>> few = tfgen.data.load("iris", "all").take(20)
        >>> few = few.standardized_by(few)
        >>> bool(vae.read(few).shift[0] == train.shift[0] != few.shift[0])
        True
        """
        source = data.source if isinstance(data, Batches) else data
        if self.reading is None or source.reading == self.reading:
            return data
        with_classes = with_classes and bool(self.num_classes)
        found = source.read_like(self.reading, with_classes)
        return data.of(found) if isinstance(data, Batches) else found

    def sample_rows(
        self,
        num_samples: int,
        *,
        seed: int | None = None,
        labels: np.ndarray | int | str | None = None,
    ) -> "pd.DataFrame":
        """Draws rows of a table as its file has them.

        Names, types, digits and bounds are those of the training data, whose
        rules hold: totals are computed, rows that break another rule are drawn
        again, which is said (`tfgen.data.DataNote`).

        Args:
            num_samples: how many.
            seed: row i depends on (seed, i) alone, under rules `"unique"` on
                rows before it, too; without one each call gives other rows.
            labels: see `sample`.

        Returns:
            A pandas frame; the class of a conditional model is its last
            column.

        Raises:
            ValueError: for a model that was trained on no table, and where no
                draw of a row holds the rules.

        Example:
        >>> train = tfgen.data.load("iris")
        >>> vae = tfgen.build("vae", input_shape=train.shape, latent_dim=2)
        >>> vae.compile()
        >>> history = vae.fit(train, verbose=0)
        >>> vae.sample_rows(3, seed=0).shape
        (3, 4)
        """
        import pandas as pd

        from tfgen.models.table_rows import draw_rows

        if self.reading is None or not self.reading.columns:
            raise ValueError(
                f"this {type(self).__name__} does not know the columns of a "
                "table: train it on a table of tfgen.data."
            )
        seed = secrets.randbelow(2**31) if seed is None else seed
        if self.num_classes:
            labels = self._sampler.labels(num_samples, labels, seed)
        x, reading = draw_rows(self, num_samples, seed, labels)
        columns = restored(reading.columns, x)
        return pd.DataFrame(reading.with_labels(columns, labels))

    def draw_labels(
        self, count: int, seed: int, balanced: bool = False
    ) -> np.ndarray:
        """Draws classes as often as they stand in the training data.

        Args:
            count: how many.
            seed: row i depends on (seed, i) alone.
            balanced: the classes in turn instead, each as often. So it is for
                a model that does not know its training data, too.

        Returns:
            int64 class numbers of shape `(count,)`.

        Raises:
            ValueError: for a model without classes.
        """
        if not self.num_classes:
            raise ValueError(
                "there are no labels to draw: the model is not "
                "class-conditional."
            )
        shares = self.reading and self.reading.class_shares
        if balanced or shares is None or len(shares) != self.num_classes:
            return np.arange(count, dtype=np.int64) % self.num_classes
        uniform = np.random.default_rng((_LABELS, seed % 2**64)).random(count)
        return np.searchsorted(np.cumsum(shares)[:-1], uniform, side="right")

    def class_number(self, label: str | int) -> int:
        """Returns the number of a class by its name, or by its number.

        Args:
            label: a name; where no class is named by a number, also a number.

        Raises:
            ValueError: for a label that no class has.
        """
        names = self.reading.class_names if self.reading else None
        names = names or tuple(str(i) for i in range(self.num_classes or 0))
        try:
            return int(look_up([str(label)], names, "label")[0])
        except ValueError:
            more = ", ..." if len(names) > 20 else ""
            raise ValueError(
                f"label is {label!r}; expected one of the classes "
                f"{', '.join(names[:20])}{more}."
            ) from None

    def save_assets(self, folder: str) -> None:
        """Keras calls it when it writes a `.keras` file."""
        if self.reading is not None:
            text = json.dumps(self.reading.to_json(), indent=1)
            pathlib.Path(folder, _FILE).write_text(text, encoding="utf-8")
        self._drop_old_scores()
        if self.held_out_scores is not None:
            self.held_out_scores.save(folder)

    def _drop_old_scores(self):
        held_out = self.held_out_scores
        if held_out and held_out.weights != weights_digest(self):
            self.held_out_scores = None
            say(
                "the model has changed since held-out rows were scored, so "
                "that it is no detector any more: calibrate it again."
            )

    def load_assets(self, folder: str | None) -> None:
        """Keras calls it when it reads a `.keras` file."""
        file = pathlib.Path(folder or "", _FILE)
        if folder and file.exists():
            try:
                values = json.loads(file.read_text(encoding="utf-8"))
                self.reading = read_reading(values)
            except ValueError as error:
                raise ValueError(
                    f"{_FILE} of the model is none ({error}): take another "
                    "copy of the file."
                ) from None
        if folder:
            self.held_out_scores = HeldOutScores.load(folder)


class InDataUnits:
    """A model whose examples come and go in the data's own units.

    An export is made of it: rows of a table come as they stand in the file,
    and go as such. Latents, scores and seeds are the model's. Examples come as
    float64, which holds what a column may hold, such as dates in seconds.

    Args:
        model: a `GenerativeModel` with a `reading`.
    """

    def __init__(self, model: WithReading):
        self.model_name = getattr(model, "model_name", type(model).__name__)
        self._model = model
        self._reading = model.reading
        self._compiled = {}

    def __getattr__(self, name: str):
        return getattr(self._model, name)

    @property
    def data_range(self) -> tuple[float, float] | None:
        """Lowest and highest value that the model takes, in data units."""
        value_range = self._model.data_range
        if value_range is None:
            return None
        low, high = self._reading.to_data_units(value_range)
        return float(low), float(high)

    @property
    def unit(self) -> float:
        """What 1 of the model is in data units, where it has a range."""
        return float(self._reading.scale)

    def endpoints(self) -> dict[str, Endpoint]:
        """The model's endpoints, examples in the data's units."""
        return {
            name: Endpoint(
                functools.partial(self._run, name),
                {key: _in_units(key, s) for key, s in endpoint.inputs.items()},
            )
            for name, endpoint in self._model.endpoints().items()
        }

    def compiled_endpoint(self, name: str):
        """An endpoint as a concrete function of a dict of tensors."""
        if name not in self._compiled:
            self._compiled[name] = self.endpoints()[name].compiled()
        return self._compiled[name]

    def run_endpoint(
        self, name: str, inputs: dict[str, np.ndarray], batch_size: int = 256
    ) -> dict[str, np.ndarray]:
        """Runs an endpoint over NumPy arrays, in batches."""
        specs = self.endpoints()[name].inputs
        inputs = {
            key: np.asarray(value, _numpy_type(specs[key]))
            for key, value in inputs.items()
        }
        return run_in_batches(self.compiled_endpoint(name), inputs, batch_size)

    def typical(self, normal: np.ndarray) -> np.ndarray:
        """Rows such as the data may hold, of standard normal numbers."""
        if self._reading.value_range is not None:
            low, high = self._reading.value_range
            normal = low + (high - low) / (1 + np.exp(-normal))
        return self._reading.to_data_units(normal)

    def _run(self, name, **inputs):
        for key, value in inputs.items():
            if _is_example(key):
                inputs[key] = self._reading.from_data_units_tensor(value)
        outputs = self._model.compiled_endpoint(name)(inputs)
        return {
            key: self._reading.to_data_units_tensor(value)
            if _is_example(key)
            else value
            for key, value in outputs.items()
        }


def in_data_units(model):
    """The model, or what stands for it where examples have units."""
    reading = getattr(model, "reading", None)
    if reading is None or not reading.has_units:
        return model
    return InDataUnits(model)


def _after_reading(name, own):
    @functools.wraps(own)
    def method(self, folder):
        getattr(WithReading, name)(self, folder)
        own(self, folder)

    return method


def _numpy_type(spec):
    return object if spec.dtype == "string" else spec.dtype


def _is_example(name):
    return name.split("_")[0] == "x"


def _in_units(name, spec):
    if not _is_example(name):
        return spec
    return keras.KerasTensor(spec.shape, "float64")
