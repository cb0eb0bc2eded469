"""What every generative model has."""

import contextlib
import os
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from tfgen.models import adaptation
from tfgen.models.config import ConfigFromSignature
from tfgen.models.endpoints import EndpointRunner, WithEndpoints
from tfgen.models.latents import Sampler
from tfgen.models.network_state import TracedFor
from tfgen.models.with_privacy import WithPrivacy
from tfgen.models.with_reading import WithReading
from tfgen.optimizers import OptimizerGroup
from tfgen.privacy.refusals import refuse_not_private
from tfgen.settings.table import check_values
from tfgen.training import inputs, refusals
from tfgen.training.circles import refuse_circles
from tfgen.training.epoch_place import EpochPlace
from tfgen.training.execution import steps_chosen
from tfgen.training.files import written_whole
from tfgen.training.global_batch import GlobalBatch
from tfgen.training.row_means import add_rows
from tfgen.training.skipped import Skipped
from tfgen.training.step_runner import StepRunner

MAX_SEED = 2**31


class GenerativeModel(
    ConfigFromSignature, WithEndpoints, WithReading, WithPrivacy, keras.Model
):
    """Abstract base of the models; `VAE` and its siblings are final.

    A subclass sets `data_shape`, `data_range`, `latent_dim` and
    `optimizer_names`, gives `network_variables`, `generate`, `train_step` and
    `test_step`, adds to `endpoints`, and creates its metrics in `__init__` by
    `self.make_trackers(names)`. What its constructor takes it keeps in
    attributes of the same names: they make up the config that is saved.

    A training step is a pure function of (weights, batch, seed, step number).

    Args:
        num_classes: makes the model class-conditional; None: without labels.
        seed: of all noise in training, from 0 to 2**31 - 1.

    Attributes:
        encodes: whether it has an encoder, and with it `posterior`, `encode`,
            `reconstruct` and `interpolate` between examples.
        has_likelihood: whether it has a `likelihood` p(x|z), and with it
            `log_likelihood` and `score`.
        has_discriminator: whether a `discriminator` is trained with it, with
            an `adversarial_loss`, `penalties` and an `augmentation`.
        trains_bound: whether its `loss` is the negative of an evidence lower
            bound alone, so that held-out data tells how good the model is.

    Raises:
        ValueError: for a seed or a number of classes out of range.

    Example:
    >>> class Shifted(tfgen.GenerativeModel):
    ...     data_shape, latent_dim = (2,), 2
    ...
    ...     def __init__(self, shift, **kwargs):
    ...         super().__init__(**kwargs)
    ...         self.shift = shift
    ...
    ...     def generate(self, latents, uniform, labels=None):
    ...         return latents + self.shift
    >>> Shifted(3.0).sample(5, seed=0).shape
    (5, 2)
    >>> Shifted(3.0, seed=1, name="shifted").get_config()
    {'shift': 3.0, 'seed': 1, 'name': 'shifted'}
    """

    encodes = False
    has_likelihood = False
    has_discriminator = False
    trains_bound = False
    data_shape: tuple[int, ...]
    data_range: tuple[float, float] | None = None
    latent_dim: int
    observation_noise = False
    optimizer_names: tuple[str, ...]

    def __init__(
        self, *, num_classes: int | None = None, seed: int = 0, **kwargs
    ):
        super().__init__(**kwargs)
        if not 0 <= int(seed) < MAX_SEED:
            raise ValueError(
                f"seed is {seed}, expected an integer from 0 to 2**31 - 1."
            )
        if num_classes is not None and int(num_classes) < 1:
            raise ValueError(
                f"num_classes is {num_classes}, expected 1 or more, or None "
                "for a model without labels."
            )
        self.num_classes = num_classes
        self.seed = int(seed)
        self.step = self._counter("step")
        self.evaluated_rows = self._counter("evaluated_rows")
        self.trackers = {}
        self.skipped = None
        self.training_place = EpochPlace()
        self.evaluation_place = EpochPlace(self.evaluated_rows)
        self._traced_for = TracedFor()
        self._endpoint_runner = EndpointRunner(self)
        self._sampler = Sampler(self)

    @property
    def noise_dim(self) -> int:
        """Standard normal numbers of which `generate` makes an example."""
        return self.latent_dim

    @property
    def narrowed_dim(self) -> int:
        """How many of them temperature and truncation narrow, the first."""
        return self.latent_dim

    @property
    def latent_words(self) -> str:
        """Its latents in a few words, for those who describe it."""
        return f"{self.latent_dim} latents"

    # What a subclass provides.

    def network_variables(self) -> dict[str, list]:
        """Trainable variables by optimizer name."""
        raise NotImplementedError

    def generate(
        self,
        latents: tf.Tensor,
        uniform: tf.Tensor | None,
        labels: tf.Tensor | None = None,
    ) -> tf.Tensor:
        """Data from latents, and observation noise or None, as tensors.

        Latents are `(rows, noise_dim)` standard normal numbers, which a model
        with a prior of its own turns into latents first.
        """
        raise NotImplementedError

    def recommended_optimizers(self) -> dict:
        """Optimizers that `compile()` takes when none are named."""
        return {n: keras.optimizers.Adam(1e-3) for n in self.optimizer_names}

    def check_compile(self, replicas: int, jit_compile: bool) -> None:
        """Raises ValueError for what this model cannot do exactly."""

    def averages(self) -> list[tuple[keras.Model, keras.Model]]:
        """Moving averages of networks, each with its network."""
        return []

    # Training.

    def compile(
        self,
        optimizer: str | dict | keras.optimizers.Optimizer | None = None,
        *,
        steps_per_execution: int | str = "auto",
        jit_compile: bool = False,
        run_eagerly: bool = False,
        on_non_finite: str = "stop",
        **unsupported,
    ) -> None:
        """Readies the model for `fit`.

        Args:
            optimizer: None for the recommended ones, an optimizer or its
                name (a copy for each network), or a dict by network name.
            steps_per_execution: training steps in one compiled call. "auto":
                up to 32 for small networks, 1 if a callback of your own wants
                to see each batch. Weights come out the same.
            jit_compile: compile the step by XLA; one replica only. XLA drops
                the check that gradients are finite.
            run_eagerly: run steps without compiling, for debugging.
            on_non_finite: what a loss, a gradient or an example that is NaN
                or infinite does: "stop" the training, or "skip" its step on
                all replicas, which leaves everything as it was but the number
                of steps; the logs then have `skipped_steps`. To skip takes a
                copy of all weights a step.
            **unsupported: what other Keras models take; refused.

        Raises:
            ValueError: for losses or metrics (the model has its own), for
                what could not be exact under the model's strategy, and for
                layers that Keras could save but not load.
        """
        refusals.refuse_compile_arguments(self, unsupported)
        check_values(on_non_finite=on_non_finite)
        refuse_circles(self)
        with self.distribute_strategy.scope():
            for average, network in self.averages():
                adaptation.follow(average, network)
            group = optimizer
            if isinstance(group, OptimizerGroup):
                self._check_names(group.by_network)
            else:
                group = OptimizerGroup(self._named_optimizers(optimizer))
            refusals.refuse_inexact(self, group, jit_compile)
            skips = on_non_finite == "skip"
            replicas = self.distribute_strategy.num_replicas_in_sync
            self.check_compile(replicas, jit_compile)
            if self.private_training is not None:
                refuse_not_private(self, replicas, jit_compile, skips)
            group.build(self.network_variables())
            self.skipped = Skipped(self, group) if skips else None
        self.chooses_steps = steps_per_execution == "auto"
        super().compile(
            optimizer=group,
            steps_per_execution=1
            if self.chooses_steps
            else steps_per_execution,
            jit_compile=jit_compile,
            run_eagerly=run_eagerly,
        )

    def fit(
        self,
        x: inputs.Examples | None = None,
        y: np.ndarray | None = None,
        batch_size: int | None = None,
        **kwargs,
    ) -> keras.callbacks.History:
        """Trains as `keras.Model.fit` does.

        Args:
            x: a `tfgen.data.Source` or `Batches`, a NumPy array of examples,
                or a `tf.data.Dataset` or `keras.utils.PyDataset` of batches
                of `x` or `(x, y)`. Arrays and sources are shuffled anew each
                epoch, in an order that depends on the model's seed and step
                alone. Values that leave the model's range by at most 1e-3
                are clipped.
            y: class numbers or one-hot rows for a class-conditional model,
                else ignored.
            batch_size: rows a step, over all replicas; default 32.
            kwargs: as for `keras.Model.fit`.

        Raises:
            ValueError: if the data is not what the networks take. Each batch
                is looked at before the step learns from it: range, shape,
                classes, and that all values are finite.
            FloatingPointError: if a gradient is not finite; the weights of its
                network are then those before the step. Or if a loss is not.
        """
        with self._places_kept(), inputs.explained_errors(self):
            adaptation.refuse_quantized(self)
            adaptation.revive(self)
            kwargs = inputs.fit_arguments(self, x, y, batch_size, kwargs)
            places = [self.training_place]
            if kwargs["validation_data"] is not None:
                places.append(self.evaluation_place)
            with steps_chosen(self, places, kwargs["callbacks"]):
                return super().fit(**kwargs)

    def evaluate(
        self,
        x: inputs.Examples | None = None,
        y: np.ndarray | None = None,
        batch_size: int | None = None,
        **kwargs,
    ) -> list | dict:
        """Mean of the metrics over the data, as `keras.Model.evaluate`.

        The noise of row i depends on the seed and i alone: results do not
        depend on batch size, replicas or the training step, except where the
        model mixes rows (packing, minibatch standard deviations).
        """
        if not kwargs.get("_use_cached_eval_dataset"):
            return self._evaluate_apart(x, y, batch_size, **kwargs)
        return super().evaluate(x=x, y=y, batch_size=batch_size, **kwargs)

    def _evaluate_apart(self, x, y, batch_size, steps=None, **kwargs):
        # A callback may ask for it in the middle of fit.
        self._assert_compile_called("evaluate")
        with self._places_kept():
            data, steps = inputs.evaluation_data(self, x, y, batch_size, steps)
            places = [self.evaluation_place]
            with steps_chosen(self, places, kwargs.get("callbacks")):
                return super().evaluate(x=data, steps=steps, **kwargs)

    @contextlib.contextmanager
    def _places_kept(self):
        with self.training_place.kept(), self.evaluation_place.kept():
            yield

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        """Everything is built at compile; Keras' way fails on odd batches."""

    def make_train_function(self, force: bool = False) -> None:
        changed = self._traced_for.is_new("train", self)
        if self.train_function is None or force or changed:
            runner = StepRunner(self, "train_step", self.training_place)
            self.train_function = runner.build()

    def make_test_function(self, force: bool = False) -> None:
        changed = self._traced_for.is_new("test", self)
        if self.test_function is None or force or changed:
            runner = StepRunner(self, "test_step", self.evaluation_place)
            self.test_function = runner.build()

    def make_predict_function(self, force: bool = False) -> None:
        changed = self._traced_for.is_new("predict", self)
        super().make_predict_function(force or changed)

    def reset_metrics(self) -> None:
        """Called at the start of each epoch and of each evaluation."""
        super().reset_metrics()
        self.training_place.begin_epoch(self.steps_done)
        self.evaluation_place.begin_epoch()

    @property
    def steps_done(self) -> int:
        """Training steps that the weights have behind them."""
        return int(self.step.numpy())

    def training_batch(self, data: tuple, group_size: int = 1) -> GlobalBatch:
        """This replica's part of a training batch."""
        x, labels = self._unpack(data)
        return GlobalBatch(
            x, labels, self.seed, self.step, group_size=group_size
        )

    def evaluation_batch(self, data: tuple, group_size: int = 1) -> GlobalBatch:
        """This replica's part of a batch whose noise goes by row number."""
        x, labels = self._unpack(data)
        batch = GlobalBatch(
            x, labels, self.seed, -1, self.evaluated_rows, group_size
        )
        self.evaluated_rows.assign_add(batch.num_rows)
        return batch

    def count_step(self) -> None:
        """Counts a step, once every optimizer has applied its gradients."""
        group = self.optimizer.by_network.values()
        applied = [tf.convert_to_tensor(o.iterations) for o in group]
        with tf.control_dependencies(applied):
            self.step.assign_add(1)

    def regularization(self, network: keras.Model) -> tf.Tensor:
        """Added losses of a network's layers, shared out over replicas."""
        context = tf.distribute.get_replica_context()
        if not network.losses:
            return tf.constant(0.0)
        return tf.add_n(network.losses) / context.num_replicas_in_sync

    # Metrics.

    def make_trackers(
        self, names: tuple[str, ...], train_only: tuple[str, ...] = ()
    ) -> None:
        # Sums of many nats: float32 would round away the last digits.
        self.trackers = {
            n: keras.metrics.Mean(name=n, dtype="float64")
            for n in (*names, *train_only)
        }
        self._train_only = train_only

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        return list(self.trackers.values())

    def track(self, batch: GlobalBatch, per_example: dict) -> None:
        """Adds values, one an example, to the metrics of the same names."""
        means, rows = [], []
        for name, values in per_example.items():
            tracker = self.trackers[name]
            if type(tracker) is keras.metrics.Mean and len(values.shape) == 1:
                means.append(tracker)
                rows.append(values)
            else:
                tracker.update_state(values, batch.weights)
        if means:
            add_rows(means, rows, batch.weights)

    def logs(self, training: bool) -> dict:
        """The metrics as they stand, over all replicas."""
        logs = {
            name: tracker.result()
            for name, tracker in self.trackers.items()
            if training or name not in self._train_only
        }
        if training and self.skipped is not None:
            logs["skipped_steps"] = self.skipped.count()
        return logs

    # Doors of Keras that lead elsewhere here.

    def __setattr__(self, name: str, value: object) -> None:
        before = vars(self).get(name)
        super().__setattr__(name, value)
        if isinstance(before, keras.Layer) and not any(
            held is before for held in vars(self).values()
        ):
            self._put_in_place_of(before, value)

    def quantize(
        self,
        mode: str | None = None,
        config: object | None = None,
        filters: str | list | Callable | None = None,
        **kwargs,
    ) -> None:
        """Stores dense kernels as whole numbers, for smaller models.

        Layers that Keras cannot quantise, convolutions among them, stay as
        they are. Samples, endpoints and exports follow; the model cannot be
        trained any more.

        Args:
            mode: `"int8"` or `"int4"`; None for that of `config`.
            config: a `keras.quantizers.QuantizationConfig`, or None.
            filters: names of the layers, regular expressions or a function.
            **kwargs: as for `keras.Model.quantize`.

        Raises:
            ValueError: for other modes, or where there is nothing to quantise;
                the model is then as it was.
        """
        mode = mode if config is None else config.mode
        chosen = adaptation.quantizable(self, mode, filters)
        super().quantize(mode, config=config, filters=chosen, **kwargs)
        if self.compiled:
            self.compile_from_config(self.get_compile_config())

    def export(self, filepath: str | os.PathLike, *args, **kwargs) -> None:
        """Refused: it would hold none of the model's signatures.

        Raises:
            ValueError: which names `tfgen.export.export_saved_model`.
        """
        raise ValueError(
            "model.export() writes the reconstruction alone, for no server to "
            "sample from: call tfgen.export.export_saved_model(model, "
            f"{os.fspath(filepath)!r}), or export a network, as in "
            "model.decoder.export(path)."
        )

    # Files.

    def save(
        self, filepath: str | os.PathLike, overwrite: bool = True, **kwargs
    ) -> None:
        """Saves to a `.keras` file, whole or not at all."""
        with written_whole(filepath, overwrite) as temporary:
            super().save(temporary, overwrite=True, **kwargs)

    def save_weights(
        self, filepath: str | os.PathLike, overwrite: bool = True, **kwargs
    ) -> None:
        """Saves to a `.weights.h5` file, whole or not at all."""
        with written_whole(filepath, overwrite) as temporary:
            super().save_weights(temporary, overwrite=True, **kwargs)

    def get_compile_config(self) -> dict | None:
        if not self.compiled:
            return None
        config = {
            "optimizer": keras.saving.serialize_keras_object(self.optimizer),
            "steps_per_execution": "auto"
            if self.chooses_steps
            else self.steps_per_execution,
            "jit_compile": self.jit_compile,
        }
        skips = {} if self.skipped is None else {"on_non_finite": "skip"}
        return config | skips

    def compile_from_config(self, config: dict) -> None:
        optimizer = config.pop("optimizer")
        optimizer = keras.saving.deserialize_keras_object(optimizer)
        self.compile(optimizer=optimizer, **config)

    # Private.

    def _put_in_place_of(self, before, value):
        # Keras would count the weights of both, the new ones last, and could
        # not load the optimizer of a file.
        places = [i for i, x in enumerate(self._layers) if x is before]
        self._tracker.untrack(before)
        if places and self._layers and self._layers[-1] is value:
            self._layers.insert(places[0], self._layers.pop())

    def _counter(self, name):
        return self.add_weight(
            shape=(),
            initializer="zeros",
            dtype="int64",
            trainable=False,
            aggregation="only_first_replica",
            name=name,
        )

    def _named_optimizers(self, optimizer):
        names = self.optimizer_names
        if optimizer is None:
            return self.recommended_optimizers()
        if not isinstance(optimizer, dict):
            return {name: _own_copy(optimizer) for name in names}
        self._check_names(optimizer)
        return {name: _own_copy(optimizer[name]) for name in names}

    def _check_names(self, optimizers):
        names = self.optimizer_names
        if set(optimizers) != set(names):
            raise ValueError(
                f"optimizer has the keys {', '.join(map(str, optimizers))}, "
                f"expected {', '.join(names)}."
            )

    def _unpack(self, data):
        x, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
        x = tf.cast(x, tf.float32)
        if not self.num_classes:
            return x, None
        return x, tf.one_hot(tf.cast(labels, tf.int32), self.num_classes)


def _own_copy(optimizer):
    if isinstance(optimizer, keras.optimizers.Optimizer):
        return type(optimizer).from_config(optimizer.get_config())
    return keras.optimizers.get(optimizer)
