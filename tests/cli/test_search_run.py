"""What a search begins with, and one that was begun without it."""

import json

import pytest

from tfgen import presets
from tfgen.cli.search_run import SearchRun

GIVEN = {
    "model": "vae",
    "data": "iris",
    "seed": 0,
    "objective": "negative_elbo",
    "trials": 1,
}


def test_a_search_keeps_the_preset_that_it_began_with(tmp_path):
    run = SearchRun(tmp_path / "s", GIVEN)
    # 120 rows: 4 steps of 30, 4,000 in all.
    assert run.epochs == run.search.max_epochs == 1000
    assert run.search.note["preset"] == "full_table_vae"
    settings = run.search.hypermodel.settings(run.search.space)
    assert settings["preset"] == "full_table_vae"
    assert settings["latent_dim"] == 8
    assert "network" not in settings


def test_one_that_began_without_a_preset_goes_on_without(tmp_path):
    folder = tmp_path / "s"
    folder.mkdir()
    note = {**GIVEN, "max_epochs": 3}
    (folder / "search.json").write_text(json.dumps({"note": note}))
    run = SearchRun(folder, {"trials": 2})
    assert run.search.max_epochs == 3
    assert run.epochs == 200  # 20 steps of 6, 4,000 in all
    settings = run.search.hypermodel.settings(run.search.space)
    assert "preset" not in settings
    assert settings["network"] == "mlp"
    assert (settings["latent_dim"], settings["width"]) == (8, 512)


def test_options_that_fix_a_setting_in_all_trials(tmp_path):
    given = {**GIVEN, "trim": 0.1, "precision": "auto"}
    run = SearchRun(tmp_path / "s", given)
    settings = run.search.hypermodel.settings(run.search.space)
    # Of tables the numbers are of 32 bits, whatever the machine has.
    assert (settings["trim"], settings["precision"]) == (0.1, "float32")
    assert run.search.note["precision"] == "float32"
    assert run.search.settings["precision"] == "float32"
    (tmp_path / "s").mkdir(exist_ok=True)
    note = {**run.search.note, "max_epochs": 3}
    (tmp_path / "s/search.json").write_text(json.dumps({"note": note}))
    again = SearchRun(tmp_path / "s", {"precision": "auto"})
    assert again.search.note["precision"] == "float32"
    with pytest.raises(ValueError, match="begun with trim=0.1, got 0.2"):
        SearchRun(tmp_path / "s", {"trim": 0.2})


def test_a_setting_is_fixed_once_and_of_its_family_alone(tmp_path):
    given = {**GIVEN, "trim": 0.1, "space": ["trim=0..0.2"]}
    with pytest.raises(ValueError, match="--trim and --space trim=... were"):
        SearchRun(tmp_path / "s", given)
    given = {"model": "gan", "data": "iris", "trim": 0.1}
    with pytest.raises(ValueError, match="--trim is 0.1, .*gan"):
        SearchRun(tmp_path / "s", given)


def test_a_preset_that_is_named(tmp_path):
    given = {"preset": "detector_table", "data": "iris", "trials": 1}
    run = SearchRun(tmp_path / "s", given)
    assert run.search.note["preset"] == "detector_table"
    settings = run.search.hypermodel.settings(run.search.space)
    preset = presets.get("detector_table")
    assert settings["preset"] == "detector_table"
    assert settings["model"] == preset.model
    assert settings["latent_dim"] == preset.options["latent_dim"]
    (tmp_path / "s").mkdir(exist_ok=True)
    note = {"note": run.search.note}
    (tmp_path / "s/search.json").write_text(json.dumps(note))
    again = SearchRun(tmp_path / "s", {"trials": 2})
    settings = again.search.hypermodel.settings(again.search.space)
    assert settings["preset"] == "detector_table"


def test_presets_that_no_search_can_follow(tmp_path):
    given = {"preset": "table_gan", "model": "vae", "data": "iris"}
    with pytest.raises(ValueError, match="is of a gan, expected one of a vae"):
        SearchRun(tmp_path / "s", given)
    given = {"preset": "conv_vae", "data": "digits"}
    with pytest.raises(ValueError, match="has networks of its own"):
        SearchRun(tmp_path / "s", given)
