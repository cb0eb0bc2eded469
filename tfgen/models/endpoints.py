"""Tensor functions of a model, for Python and for the server."""

import dataclasses
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from tfgen.data import Source, checks
from tfgen.models.network_state import TracedFor

ROWS_READ = 1024
"""Rows of a source that are in memory at a time."""


@dataclasses.dataclass(frozen=True)
class Endpoint:
    """A stateless, row-wise function: one row out for each row in.

    Attributes:
        function: takes the inputs as named tensors, returns a dict of float32
            tensors. Row i of the outputs depends on row i of the inputs alone.
        inputs: dict of name to `keras.KerasTensor`, first axis None.

    Example:
    >>> vae = tfgen.build("vae", input_shape=(5,), latent_dim=2)
    >>> vae.endpoints()["decode"].inputs["latent"].shape
    (None, 2)
    """

    function: Callable
    inputs: dict[str, keras.KerasTensor]

    def input_signature(self) -> dict[str, tf.TensorSpec]:
        return {
            name: tf.TensorSpec(spec.shape, spec.dtype, name=name)
            for name, spec in self.inputs.items()
        }

    def compiled(self) -> Callable:
        """The function as a tf.function of keyword arguments."""
        function, signature = self.function, self.input_signature()

        @tf.function(autograph=False)
        def endpoint(tensors):
            return function(**tensors)

        return endpoint.get_concrete_function(signature)


class WithEndpoints:
    """Endpoints of a `GenerativeModel`, and what runs them.

    A model sets `_endpoint_runner` and `_sampler` in `__init__`.
    """

    def endpoints(self) -> dict[str, Endpoint]:
        """The stateless, row-wise functions that Python and servers call.

        A subclass adds its own.
        """
        return self.make_endpoints(
            {
                "generate": (self._generate_endpoint, ("seed",)),
                "generate_truncated": (
                    self._generate_truncated_endpoint,
                    ("seed", "temperature", "truncation"),
                ),
            }
        )

    def withheld_endpoints(self) -> dict[str, str]:
        """Endpoints that this model cannot offer, and why."""
        return {}

    def run_endpoint(
        self, name: str, inputs: dict[str, np.ndarray], batch_size: int = 256
    ) -> dict[str, np.ndarray]:
        """Runs an endpoint over NumPy arrays, in batches.

        Args:
            name: a key of `endpoints()`.
            inputs: dict of input name to array, one row an example.
            batch_size: rows at a time; bounds the memory.

        Returns:
            Dict of output name to float32 array.

        Raises:
            ValueError: if the model has no such endpoint, or the inputs are
                not what it takes.
        """
        return self._endpoint_runner.run(name, inputs, batch_size)

    def compiled_endpoint(self, name: str) -> Callable:
        """An endpoint as a `tf.types.experimental.ConcreteFunction`.

        It takes a dict of tensors, and is traced once for Python and exports,
        as long as the networks stay what they are.
        """
        return self._endpoint_runner.compiled(name)

    def sample(
        self,
        num_samples: int,
        *,
        seed: int | None = None,
        labels: np.ndarray | int | None = None,
        temperature: float = 1.0,
        truncation: float | None = None,
        batch_size: int | None = None,
    ) -> np.ndarray:
        """Draws from the model: float32 `(num_samples, *data_shape)`.

        Row i depends on (seed, i) and its label alone. Without a seed each
        call gives other samples.

        Args:
            num_samples: how many.
            seed: an integer.
            labels: class of each sample, by number or name, one class for
                all, or None: as `draw_labels` draws them. Only for
                class-conditional models.
            temperature: standard deviation of the latents; below 1 samples
                are nearer to the mode, better and less varied.
            truncation: the farthest that a latent lies from 0, in standard
                deviations, before the temperature scales it; None for no
                bound. See Brock et al. (2019).
            batch_size: rows at a time; None for 256, or up to 4,096 where
                all layers are narrow.
        """
        return self._sampler.sample(
            num_samples, seed, labels, batch_size, temperature, truncation
        )

    def sample_from(
        self,
        first_row: int,
        num_samples: int,
        seed: int,
        labels: np.ndarray | None = None,
        batch_size: int | None = None,
    ) -> np.ndarray:
        """Rows of what `sample(seed=seed)` draws, from `first_row` on.

        Args:
            first_row: number of the first one.
            num_samples: how many.
            seed: an integer.
            labels: class numbers of these rows, of class-conditional models.
            batch_size: rows at a time; None for 256, or up to 4,096 where
                all layers are narrow.

        Example:
        >>> model = tfgen.build("vae", input_shape=(4,), latent_dim=2, seed=0)
        >>> ten, two = model.sample(10, seed=1), model.sample_from(3, 2, seed=1)
        >>> bool(np.allclose(ten[3:5], two, atol=1e-6))
        True
        """
        return self._sampler.sample(
            num_samples, seed, labels, batch_size, first_row=int(first_row)
        )

    def endpoint_inputs(self, *names: str) -> dict[str, keras.KerasTensor]:
        """Named inputs of an endpoint, with the label where there is one."""
        x = keras.KerasTensor((None, *self.data_shape), "float32")
        latent = keras.KerasTensor((None, self.latent_dim), "float32")
        number = keras.KerasTensor((None,), "float32")
        integer = keras.KerasTensor((None,), "int64")
        specs = {
            "x": x,
            "x_start": x,
            "x_end": x,
            "latent": latent,
            "latent_start": latent,
            "latent_end": latent,
            "weight": number,
            "temperature": number,
            "truncation": number,
            "seed": integer,
            "label": integer,
        }
        names += ("label",) if self.num_classes else ()
        return {name: specs[name] for name in names}

    def make_endpoints(
        self, functions: dict[str, tuple]
    ) -> dict[str, Endpoint]:
        """Endpoints of functions with the names of their inputs."""
        return {
            name: Endpoint(function, self.endpoint_inputs(*inputs))
            for name, (function, inputs) in functions.items()
        }

    def noise_by_seed(
        self, seeds: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor | None]:
        """Latents, and observation noise or None, each row by its own seed."""
        return self._sampler.noise_by_seed(seeds)

    def _generate_endpoint(self, seed, label=None):
        return {"x": self.generate(*self.noise_by_seed(seed), self._hot(label))}

    def _generate_truncated_endpoint(
        self, seed, temperature, truncation, label=None
    ):
        noise, uniform = self.noise_by_seed(seed)
        latents = self._sampler.narrowed(noise, temperature, truncation)
        return {"x": self.generate(latents, uniform, self._hot(label))}

    def _hot(self, label):
        return None if label is None else tf.one_hot(label, self.num_classes)

    def _run(self, name, batch_size, **inputs):
        given = {k: v for k, v in inputs.items() if v is not None}
        if isinstance(given.get("x"), Source):
            return self._run_on_source(name, batch_size, **given)
        return self.run_endpoint(name, given, batch_size)

    def _run_on_source(self, name, batch_size, x, **inputs):
        """Rows read like the training data, a piece at a time."""
        source, parts = self.read(x, "label" not in inputs), []
        for start in range(0, len(source), ROWS_READ):
            piece = slice(start, start + ROWS_READ)
            given = {key: value[piece] for key, value in inputs.items()}
            rows = np.arange(start, min(piece.stop, len(source)))
            given["x"], labels = source.rows(rows)
            if self.num_classes:
                given.setdefault("label", labels)
            parts.append(self.run_endpoint(name, given, batch_size))
        return {k: np.concatenate([p[k] for p in parts]) for k in parts[0]}


class EndpointRunner:
    """Compiles each endpoint and runs it in batches.

    Once, and anew after a change of the networks (see `NetworkState`).

    Args:
        model: a `GenerativeModel`.
    """

    def __init__(self, model: WithEndpoints):
        self._model = model
        self._compiled = {}
        self._traced_for = TracedFor()

    def run(
        self, name: str, inputs: dict[str, np.ndarray], batch_size: int
    ) -> dict[str, np.ndarray]:
        """Outputs of an endpoint; see `GenerativeModel.run_endpoint`."""
        known = self._model.endpoints()
        withheld = self._model.withheld_endpoints()
        if name in withheld:
            raise ValueError(f"there is no {name!r}: {withheld[name]}.")
        if name not in known:
            raise ValueError(
                f"{type(self._model).__name__} has no endpoint {name!r}, "
                f"expected one of {', '.join(known)}."
            )
        arrays = check_inputs(self._model, name, known[name], inputs)
        return run_in_batches(self.compiled(name), arrays, batch_size)

    def compiled(self, name: str) -> Callable:
        """The endpoint as a concrete function of a dict of tensors."""
        if self._traced_for.is_new(name, self._model):
            self._compiled[name] = self._model.endpoints()[name].compiled()
        return self._compiled[name]


def run_in_batches(
    compiled: Callable, inputs: dict[str, np.ndarray], batch_size: int
) -> dict[str, np.ndarray]:
    """Runs a compiled endpoint over arrays, `batch_size` rows at a time."""
    rows = len(next(iter(inputs.values())))
    parts = []
    for start in range(0, rows, batch_size):
        tensors = {
            name: tf.convert_to_tensor(array[start : start + batch_size])
            for name, array in inputs.items()
        }
        outputs = compiled(tensors)
        parts.append({key: value.numpy() for key, value in outputs.items()})
    return {k: np.concatenate([part[k] for part in parts]) for k in parts[0]}


def check_inputs(
    model: "WithEndpoints",
    name: str,
    endpoint: Endpoint,
    inputs: dict[str, np.ndarray],
) -> dict[str, np.ndarray]:
    """Arrays of the types and shapes that the endpoint takes.

    Raises:
        ValueError: for missing, unknown or unfit inputs.
    """
    wanted = endpoint.inputs
    if set(inputs) != set(wanted):
        raise ValueError(
            f"{name} got {', '.join(inputs) or 'nothing'}, expected "
            f"{', '.join(wanted)}."
        )
    arrays = {}
    for key, spec in wanted.items():
        if key == "label":
            rows = len(np.atleast_1d(inputs[key]))
            arrays[key] = checks.check_labels(
                inputs[key], model.num_classes, rows
            )
        elif spec.dtype == "string":
            arrays[key] = np.asarray(inputs[key], object)
            if arrays[key].shape[1:] != tuple(spec.shape[1:]):
                raise ValueError(
                    f"{key} has shape {arrays[key].shape}, expected "
                    f"{tuple(spec.shape)}."
                )
        elif spec.dtype == "int64":
            arrays[key] = checks.whole_numbers(np.asarray(inputs[key]), key)
        else:
            if key == "x":
                _check_is_no_table(model, name, inputs[key])
            arrays[key] = checks.check_examples(
                inputs[key],
                shape=tuple(spec.shape[1:]),
                value_range=model.data_range if key == "x" else None,
                name=key,
            )
    rows = {key: len(array) for key, array in arrays.items()}
    if len(set(rows.values())) > 1:
        raise ValueError(
            f"{name} got {rows} rows; expected as many rows of each input."
        )
    return arrays


def _check_is_no_table(model, name, x):
    """A data frame has names and units, by which an array is not read."""
    reading = getattr(model, "reading", None)
    if not hasattr(x, "columns") or reading is None or not reading.column_names:
        return
    columns = ", ".join(map(str, x.columns))
    raise ValueError(
        f"{name} got a table with the columns {columns}, expected an array in "
        "the model's units: pass "
        "tfgen.data.from_arrays(table, like=model), which reads it by name."
    )
