"""One mistake in the data is refused alike in whatever form it comes.

`FORMS` make data of arrays, `MISTAKES` spoil a row of them. A form in which a
mistake cannot be made says so in `IMPOSSIBLE`; no other cell is left out.
"""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgen
from tfgen.data.storage import ArrayStorage
from tfgen.training.batch_checks import BatchCheck

ROWS, BATCH, CLASSES = 40, 16, 3
X = np.random.default_rng(0).uniform(size=(ROWS, 4, 4, 1)).astype("float32")
Y = np.arange(ROWS) % CLASSES


class Sequence(keras.utils.PyDataset):
    def __init__(self, x, y, **options):
        super().__init__(**options)
        self._x, self._y = x, y

    def __len__(self):
        return -(-len(self._x) // BATCH)

    def __getitem__(self, index):
        rows = slice(BATCH * index, BATCH * (index + 1))
        return self._x[rows], self._y[rows]


def of_source(x, y):
    names = tuple("abc")
    storage = ArrayStorage(np.asarray(x, "float32"), y)
    return tfgen.data.Source(
        storage, "image", value_range=(0.0, 1.0), class_names=names
    )


def of_generator(x, y):
    """A dataset that knows neither its shape nor its length."""
    return tf.data.Dataset.from_generator(
        lambda: ((x[i : i + BATCH], y[i : i + BATCH]) for i in (0, 16, 32)),
        output_signature=(
            tf.TensorSpec((None,) * x.ndim, x.dtype),
            tf.TensorSpec((None,) * y.ndim, y.dtype),
        ),
    )


def of_tensors(x, y):
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(BATCH)
    # Its thread keeps an iterator that an error left behind for a minute.
    options = tf.data.Options()
    options.autotune.enabled = False
    return data.with_options(options)


# Each gives the arguments of `fit`, in order of the rows.
FORMS = {
    "array": lambda x, y: {"x": x, "y": y, "batch_size": BATCH},
    "source": lambda x, y: {"x": of_source(x, y), "batch_size": BATCH},
    "tf.data": lambda x, y: {"x": of_tensors(x, y)},
    "generator": lambda x, y: {"x": of_generator(x, y)},
    "PyDataset": lambda x, y: {"x": Sequence(x, y)},
    "PyDataset in threads": lambda x, y: {"x": Sequence(x, y, workers=2)},
}


def spoiled(values, row, value):
    values = values.copy()
    values[row] = value
    return values


def one_hot(rows):
    return np.eye(CLASSES, dtype="float32")[rows]


# What is done to the row of a number, and what the message says of it.
MISTAKES = {
    "range": (
        lambda row: (spoiled(X, row, 255.0), Y),
        r"has values from \S+ to 255; expected \[0, 1\]: divide by 255",
    ),
    "signed": (
        lambda row: (spoiled(X, row, -1.0), Y),
        r"has values from -1 to \S+; expected \[0, 1\]: rescale from \[-1, 1\]",
    ),
    "NaN": (
        lambda row: (spoiled(X, (row, 0), np.nan), Y),
        "has 4 values that are NaN or infinite",
    ),
    "infinite": (
        lambda row: (spoiled(X, (row, 0), np.inf), Y),
        "has 4 values that are NaN or infinite",
    ),
    "label": (
        lambda row: (X, spoiled(Y, row, 3)),
        "y has class numbers from 0 to 3; expected 0 to 2 for 3 classes",
    ),
    "negative label": (
        lambda row: (X, spoiled(Y, row, -1)),
        "y has class numbers from -1 to 2; expected 0 to 2",
    ),
    "fraction": (
        lambda row: (X, spoiled(Y.astype("float32"), row, 0.5)),
        "y holds fractions such as 0.5; expected class numbers",
    ),
    "two-hot": (
        lambda row: (X, spoiled(one_hot(Y), row, 1.0)),
        "y has rows that are not one-hot, the first is row ",
    ),
}
IMPOSSIBLE = {
    ("source", "fraction"): "labels of a source are whole numbers",
    ("source", "two-hot"): "labels of a source are class numbers",
}
TABLE = [
    pytest.param(form, mistake, id=f"{form}-{mistake}")
    for form in FORMS
    for mistake in MISTAKES
    if (form, mistake) not in IMPOSSIBLE
]


@pytest.fixture(scope="module")
def models():
    """One model for training by one step, by several, and under XLA."""
    made = {}

    def get(**options):
        key = str(options)
        if key not in made:
            made[key] = tfgen.build(
                "vae",
                input_shape=(4, 4, 1),
                latent_dim=2,
                network_options={"units": (4,)},
                network="mlp",
                num_classes=CLASSES,
            )
            made[key].compile("sgd", **options)
        return made[key]

    return get


@pytest.mark.parametrize("row", [3, 37], ids=["first batch", "later batch"])
@pytest.mark.parametrize(("form", "mistake"), TABLE)
def test_the_table(models, form, mistake, row):
    model = models()
    spoil, message = MISTAKES[mistake]
    in_memory = form in ("array", "source")
    if form == "source":
        message = f"the data:? {message}"
    elif not in_memory:
        message = f"batch {row // BATCH + 1} of the data:? {message}"
    data = FORMS[form](*spoil(row))
    if in_memory:
        data["shuffle"] = False
    done = model.steps_done
    with pytest.raises(ValueError, match=f"^(x |y )?{message}") as error:
        model.fit(**data, verbose=0)
    assert "\n" not in str(error.value)
    assert "(batch" not in str(error.value)  # advice is code that runs
    wanted = 0 if in_memory else row // BATCH
    assert model.steps_done - done == wanted


LABELS = {
    "numbers": Y,
    "floats": Y.astype("float32"),
    "column": Y[:, None],
    "one-hot": one_hot(Y),
    "booleans": one_hot(Y).astype(bool),
}


@pytest.mark.filterwarnings("ignore:Your input ran out of data")  # by Keras
@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("form", [form for form in FORMS if form != "source"])
def test_good_data_is_taken_alike(models, form, labels):
    data = FORMS[form](X + np.float32(5e-4) * (X > 0.9), LABELS[labels])
    found = models().evaluate(**data, verbose=0)
    wanted = models().evaluate(X, Y, verbose=0)
    assert found == pytest.approx(wanted, rel=1e-3)


KINDS = {
    "uint8": (
        lambda: ((X * 255).astype("uint8"), Y),
        "expected floating-point|to 25.; expected .* divide by 255",
    ),
    "shape": (
        lambda: (X[:, :3], Y),
        r"shape \(\S+, 3, 4, 1\)|has shape .* expected \(n, 4, 4, 1\)|"
        r"shape \(3, 4, 1\)",
    ),
    "channels first": (
        lambda: (np.moveaxis(np.tile(X, 3), -1, 1), Y),
        r"3, 4, 4\)",
    ),
    "rank": (lambda: (X[..., 0], Y), r"expected \(|shape \(4, 4\)"),
    "one-hot of more classes": (
        lambda: (X, np.eye(4, dtype="float32")[Y]),
        "expected class numbers",
    ),
    "texts": (lambda: (X, np.array(list("abc"))[Y]), "labels|y has dtype <U1"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", FORMS)
def test_kinds_of_arrays(models, form, kind):
    """Types and shapes are refused before the first step."""
    spoil, message = KINDS[kind]
    if form == "source" and kind not in ("shape", "rank", "channels first"):
        pytest.skip("a source holds float32 and class numbers")
    done = models().steps_done
    with pytest.raises(ValueError, match=message) as error:
        models().fit(**FORMS[form](*spoil()), verbose=0)
    assert "\n" not in str(error.value)
    assert models().steps_done == done


class OddSequence(Sequence):
    def __getitem__(self, index):
        x, y = super().__getitem__(index)
        return (self.spoil(x) if index == 2 else x), y


def of_odd_generator(spoil):
    batches = (X[:16], X[16:32], spoil(X[32:]))
    return tf.data.Dataset.from_generator(
        lambda: zip(batches, (Y[:16], Y[16:32], Y[32:]), strict=True),
        output_signature=(
            tf.TensorSpec((None,) * X.ndim, X.dtype),
            tf.TensorSpec((None,), Y.dtype),
        ),
    )


# Where each batch is made anew, a later one may differ; an array, a source and
# what has an `element_spec` of known shape have one shape and one type.
ODD_BATCHES = {
    "shape": (lambda x: x[:, :3], r"shape \(8, 3, 4, 1\).* expected \("),
    "type": (
        lambda x: (255 * x).astype("uint8"),
        "of dtype uint8, expected floating-point numbers: map it to float32",
    ),
    "texts": (
        lambda x: x.astype(str),
        "of dtype string, expected floating-point numbers: map it to float32",
    ),
    # TensorFlow casts what a generator gives to the type of its signature.
    "type of a generator": (
        lambda x: (255 * x).astype("uint8"),
        r"values from \S+ to 25.; expected \[0, 1\]: divide by 255",
    ),
}


@pytest.mark.parametrize(
    ("form", "mistake"),
    [
        ("generator", "shape"),
        ("generator", "type of a generator"),
        *(("PyDataset", name) for name in ("shape", "type", "texts")),
        *(("in threads", name) for name in ("shape", "type", "texts")),
    ],
)
def test_a_later_batch_of_another_kind(models, form, mistake):
    spoil, message = ODD_BATCHES[mistake]
    if form == "generator":
        data = of_odd_generator(spoil)
    else:
        data = OddSequence(X, Y, workers=2 if form == "in threads" else 1)
        data.spoil = spoil
    done = models().steps_done
    with pytest.raises(ValueError, match=f"batch 3 of the data.*{message}"):
        models().fit(data, verbose=0)
    assert models().steps_done == done + 2


@pytest.mark.parametrize(
    "options",
    [
        {"steps_per_execution": 3},
        {"jit_compile": True},
        {"jit_compile": True, "steps_per_execution": 2},
        {"run_eagerly": True},
    ],
    ids=lambda options: " ".join(options),
)
@pytest.mark.parametrize("mistake", ["NaN", "range", "label"])
def test_every_way_to_run_a_step(models, options, mistake):
    model = models(**options)
    spoil, message = MISTAKES[mistake]
    data, done = of_tensors(*spoil(20)), model.steps_done
    with pytest.raises(ValueError, match=f"^batch 2 of the data:? {message}"):
        model.fit(data, verbose=0)
    assert model.steps_done - done == 1


def test_only_what_is_not_in_memory_is_looked_at_in_the_step(monkeypatch):
    looks = []
    look = BatchCheck.__call__
    monkeypatch.setattr(
        BatchCheck, "__call__", lambda *a: looks.append(a) or look(*a)
    )
    model = tfgen.build("vae", input_shape=(4,), latent_dim=2, network="mlp")
    model.compile("sgd")
    x = np.zeros((8, 4), "float32")
    model.fit(x, verbose=0)
    source = tfgen.data.from_arrays(x)
    model.evaluate(source, verbose=0)
    assert not looks
    model.fit(source.batches(4, memory_limit=0), verbose=0)
    model.evaluate(tf.data.Dataset.from_tensors(x), verbose=0)
    assert len(looks) == 2  # traced once each


def test_a_batch_whose_sum_is_infinite_may_be_right():
    model = tfgen.build("vae", input_shape=(4,), latent_dim=2, network="mlp")
    model.compile("sgd")
    x = np.full((8, 4), 1e38, "float32") * (np.arange(8) < 4)[:, None]
    data = tf.data.Dataset.from_tensors(x)
    # Not for its data, but for what follows of it.
    with pytest.raises(FloatingPointError, match="gradients of network"):
        model.fit(data, verbose=0)
    with pytest.raises(ValueError, match="batch 1 of the data has 16 values"):
        model.fit(data.map(lambda x: x * 10), verbose=0)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("mistake", ["NaN", "range", "label"])
def test_validation_data(models, form, mistake):
    spoil, message = MISTAKES[mistake]
    data = FORMS[form](*spoil(20))
    in_memory = form in ("array", "source")
    held_out = (data["x"], data["y"]) if form == "array" else data["x"]
    batch = "" if in_memory else "batch 2 of "
    message = f"{batch}the validation data:? {message}"
    with pytest.raises(ValueError, match=f"^{message}"):
        models().fit(
            X,
            Y,
            batch_size=BATCH,
            validation_data=held_out,
            validation_batch_size=BATCH if in_memory else None,
            verbose=0,
        )
    with pytest.raises(ValueError, match=MISTAKES[mistake][1]):
        models().evaluate(**data, verbose=0)


def test_two_replicas(two_replicas):
    """A row on the second replica alone; both of them stop, and go on."""
    with two_replicas.scope():
        model = tfgen.build(
            "vae",
            input_shape=(4, 4, 1),
            latent_dim=2,
            network_options={"units": (4,)},
            network="mlp",
            num_classes=CLASSES,
        )
        model.compile("sgd")
    for mistake in ("NaN", "range", "label", "two-hot"):
        spoil, message = MISTAKES[mistake]
        done = model.steps_done
        with pytest.raises(
            ValueError, match=f"^batch 2 of the data:? {message}"
        ):
            model.fit(of_tensors(*spoil(30)), verbose=0)
        assert model.steps_done - done == 1
    assert np.isfinite(model.fit(X, Y, verbose=0).history["loss"]).all()


def test_every_model(few):
    """NaN in real data, which has no range, and in images."""
    model = few.build()
    model.compile("sgd")
    x, y = few.data(24)
    x[20].flat[0] = np.nan
    data = tf.data.Dataset.from_tensor_slices(x if y is None else (x, y))
    with pytest.raises(ValueError, match="^batch 3 of the data has 1 values"):
        model.fit(data.batch(8), verbose=0)
    assert model.steps_done == 2


def test_weights_of_examples():
    model = tfgen.build("vae", input_shape=(4,), latent_dim=2)
    model.compile("sgd")
    x = np.zeros((8, 4), "float32")
    data = tf.data.Dataset.from_tensors((x, x[:, 0], x[:, 0]))
    with pytest.raises(ValueError, match="3 things a batch.*leave out weights"):
        model.fit(data, verbose=0)
