"""Signatures of a table take and give the data's own units."""

import numpy as np
import pytest

import tfgen
from tfgen.export import SavedModelSession, export_saved_model, verify


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A model of 30 columns, an export of it, and rows of the test split."""
    train = tfgen.data.load("breast_cancer")
    model = tfgen.build("vae", input_shape=train.shape, latent_dim=2)
    model.compile()
    model.fit(train, batch_size=128, verbose=0)
    path = export_saved_model(model, tmp_path_factory.mktemp("export") / "m")
    rows = tfgen.data.load("breast_cancer", "test").stored()
    return model, path, rows


def test_python_a_file_and_the_runtime_give_the_same_scores(served, tmp_path):
    model, path, rows = served
    names = model.reading.column_names
    file = tmp_path / "new.csv"
    order = np.random.default_rng(0).permutation(len(names))
    lines = [",".join(names[i] for i in order)]
    lines += [",".join(repr(float(row[i])) for i in order) for row in rows[:9]]
    file.write_text("\n".join(lines))
    new = tfgen.data.load(file, like=model)
    scores = model.score(new.arrays()[0])
    expected = model.score(model.reading.from_data_units(rows[:9]))
    np.testing.assert_allclose(scores, expected, rtol=1e-6)
    with SavedModelSession(path) as session:
        answer = session.run("score", x=rows[:9])
    np.testing.assert_allclose(answer["score"], expected, rtol=1e-6)


def test_rows_that_are_made_have_the_units_of_the_data(served):
    model, path, _ = served
    with SavedModelSession(path) as session:
        made = session.run("generate", seed=np.array([5]))["x"]
    expected = model.reading.to_data_units(model.sample(1, seed=5))
    np.testing.assert_allclose(made, expected, rtol=1e-5)


@pytest.mark.slow  # beside the same scores in the runtime
def test_it_verifies(served):
    assert not verify(served[1]).problems


def test_rows_of_a_table_in_a_range(tmp_path):
    """They have the file's range, and NaN outside."""
    x = np.random.default_rng(0).integers(0, 256, (40, 3)).astype("float64")
    source = tfgen.data.from_arrays(
        x, kind="table", value_range=(0, 1), bit_depth=8
    )
    model = tfgen.build(
        "vae",
        input_shape=(3,),
        latent_dim=2,
        network="mlp",
        network_options={"units": (4,)},
        likelihood="bernoulli",
    )
    model.compile("sgd")
    model.reading = source.reading
    path = export_saved_model(model, tmp_path / "m")
    rows = np.array([[255.2, 0, 128], [256, 0, 128], [255, 0, 128]])
    with SavedModelSession(path) as session:
        answer = session.run("encode", x=rows)["mean"]
    expected = model.encode(np.array([[1, 0, 128 / 255]], "float32"))
    np.testing.assert_allclose(answer[[0, 2]], [expected[0]] * 2, rtol=1e-5)
    assert np.isnan(answer[1]).all()
