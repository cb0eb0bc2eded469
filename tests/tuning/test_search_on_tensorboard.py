"""TensorBoard's server shows what a search has left."""

import pytest

import tfgen
from tfgen.tuning import GANHyperModel, Search

ALL = {
    "experimentName": "",
    "allowedStatuses": ["STATUS_SUCCESS", "STATUS_FAILURE"],
    "colParams": [],
    "startIndex": 0,
    "sliceSize": 100,
}
SPACE = {"network": "mlp", "width": 64, "depth": 1, "latent_dim": [4, 8]}


@pytest.mark.slow
def test_each_trial_has_settings_score_and_pictures(
    tmp_path, tensorboard, monkeypatch
):
    monkeypatch.undo()  # with pictures
    train = tfgen.data.load("digits", split="train").take(64)
    validation = tfgen.data.load("digits", split="validation")
    search = Search(
        GANHyperModel(train, SPACE),
        train,
        validation,
        tmp_path / "search",
        extractor="none",
        trials=2,
        max_epochs=1,
    )
    search.run()

    def is_read(ask):
        groups = ask("hparams/session_groups", ALL)["sessionGroups"]
        return len(groups) == 2 == len(ask("images/tags"))

    with tensorboard(search.folder.tensorboard, is_read) as ask:
        groups = ask("hparams/session_groups", ALL)["sessionGroups"]
        pictures = ask("images/tags")
    trials = {record.trial_id: record for record in search.records()}
    assert {group["name"] for group in groups} == set(trials)
    for group in groups:
        trial = trials[group["name"]]
        drawn = {k: v for k, v in trial.values.items() if k in group["hparams"]}
        assert drawn == group["hparams"]
        assert drawn.keys() >= {"latent_dim", "learning_rate", "loss"}
        scores = [
            metric["value"]
            for metric in group["metricValues"]
            if metric["name"]["tag"] == "objective"
        ]
        assert scores == [pytest.approx(trial.score, rel=1e-6)]  # float32
    assert set(pictures) == {f"{trial}/train" for trial in trials}
    assert all("samples" in found for found in pictures.values())
