"""A run whose manifest has no reading goes on with its data read as then."""

import json

import numpy as np
import PIL.Image
import pytest

import tfgen
from tfgen.runs.data import load_splits
from tfgen.runs.folder import RunFolder


@pytest.fixture
def config(tmp_path):
    """Settings of a run as they are read, of the manifest's data given."""

    def read(made_with, **settings):
        settings = {"model": "vae", "data": str(tmp_path / "data")} | settings
        (tmp_path / "config.json").write_text(json.dumps(settings))
        (tmp_path / "manifest.json").write_text(json.dumps({"data": made_with}))
        return RunFolder(tmp_path).config()

    return read


def test_images_are_stretched(config, tmp_path):
    (tmp_path / "data").mkdir()
    for number in range(20):
        pixels = np.full((4, 8), 8 * number, np.uint8)
        pixels[:, :2] = 255  # cropping would leave them out
        PIL.Image.fromarray(pixels).save(tmp_path / "data" / f"{number}.png")
    settings = config({"columns": None}, image_size="4")
    source = load_splits(settings, ["train"])["train"]
    assert (source.stored()[:, :, 0] > 200).all()


def test_tails_of_a_table_are_not_squashed(config, tmp_path):
    x = np.random.default_rng(0).normal(size=(100, 2))
    x[:30, 0] *= 1e6
    np.savetxt(tmp_path / "a.csv", x, delimiter=",")
    settings = config(
        {"columns": {"names": ["a", "b"]}}, data=str(tmp_path / "a.csv")
    )
    source = load_splits(settings, ["train"])["train"]
    assert not any(column.spread for column in source.columns)


def test_its_model_knows_the_columns(config, tmp_path):
    columns = {"names": ["a", "b"], "shift": [1, 2], "scale": [3, 4]}
    config({"columns": columns})
    vae = tfgen.build("vae", input_shape=(2,), latent_dim=1, network="mlp")
    vae.save(tmp_path / "model.keras")
    reading = tfgen.load(tmp_path).reading
    assert reading.column_names == ("a", "b")
    np.testing.assert_allclose(reading.to_data_units([[1, 1]]), [[4, 6]])


def test_what_a_run_of_today_says_is_all(config):
    assert "fit" not in config({"reading": {}}, image_size="4")
    assert "transform" not in config({"reading": {}})
