"""What a search begins with, and one that was begun without it."""

import json

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
