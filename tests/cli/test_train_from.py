"""`tfgen train --from FILE`: settings of a search or of another run."""

import html
import json
import re
import shlex
from pathlib import Path

import pictures
import pytest

SETTINGS = {
    "model": "gan",
    "data": "digits",
    "network": "mlp",
    "width": 8,
    "depth": 1,
    "latent_dim": 2,
    "learning_rate": 2**-10,  # exact in any precision
    "learning_rate_ratio": 2.0,
    "penalty_weight": 0.5,
    "average_decay": 0.5,
    "batch_size": 100,
    "epochs": 1,
}


@pytest.fixture(autouse=True)
def without_pictures(monkeypatch):
    pictures.leave_out(monkeypatch)


def write(content, name="best.json"):
    text = content if isinstance(content, str) else json.dumps(content)
    Path(name).write_text(text)
    return name


def config(run):
    return json.loads(Path(run, "config.json").read_text())


def test_of_a_search_then_of_its_run_then_resumed(tfgen):
    file = write({"settings": SETTINGS, "score": 1.5, "trial": "07"})
    done = tfgen("train", "--from", file, "--out", "first")
    assert (done.status, done.err) == (0, "")
    assert config("first") == {**SETTINGS, "seed": 0}
    columns, values = (
        line.split(",")
        for line in Path("first/history.csv").read_text().splitlines()
    )
    row = dict(zip(columns, values, strict=True))
    assert float(row["learning_rate_generator"]) == 2**-10
    assert float(row["learning_rate_discriminator"]) == 2**-9

    # Options on the command line count more; other data of the same kind.
    other = ("--data", "iris", "--epochs", 1, "--seed", 3, "--depth", 2)
    done = tfgen("train", "--from", "first/config.json", *other, "--out", "2nd")
    assert (done.status, done.err) == (0, "")
    changed = {"data": "iris", "seed": 3, "depth": 2}
    assert config("2nd") == {**SETTINGS, **changed}

    done = tfgen("train", "--resume", "--out", "2nd", "--epochs", 2)
    assert (done.status, done.err) == (0, "")
    assert config("2nd") == {**SETTINGS, **changed, "epochs": 2}


def test_of_a_search_in_python(tfgen):
    """By the command that its page gives, which does not know the data."""
    import tfgen as package
    from tfgen.tuning import Search, VAEHyperModel

    train, held_out = (
        package.data.load("iris", split=split)
        for split in ("train", "validation")
    )
    hypermodel = VAEHyperModel(train, {"network": "mlp", "batch_size": 60})
    Search(hypermodel, train, held_out, "s", trials=1, max_epochs=1).run()
    page = html.unescape(Path("s", "report.html").read_text())
    command = re.search("<pre>tfgen (train [^<]*)</pre>", page)[1]
    assert "--data DATA" in command
    done = tfgen(*shlex.split(command.replace("DATA", "iris")))
    assert (done.status, done.err) == (0, "")
    drawn = json.loads(Path("s", "best.json").read_text())["values"]
    trained = config("run")
    # The preset of tables has that network.
    assert (drawn.pop("network"), trained["preset"]) == (
        "mlp",
        "full_table_vae",
    )
    assert drawn.items() <= trained.items()
    done = tfgen("evaluate", "s/trials/0000")
    assert done.status == 1
    assert "the run does not name its data" in done.err


def test_warm_up_option(tfgen):
    done = tfgen(
        *("train", "vae", "--data", "digits", "--network", "mlp"),
        *("--width", 4, "--depth", 3, "--beta-warmup", 0.5, "--epochs", 1),
        *("--batch-size", 500, "--out", "run"),
    )
    assert (done.status, done.err) == (0, "")
    import keras

    model = keras.models.load_model("run/model.keras")
    # 1,438 rows in batches of 500 make 3 steps; half of it, rounded to even.
    assert model.beta_warmup_steps == 2
    widths = [layer.units for layer in model.encoder.layers[2:-1]]
    assert widths == [4, 4, 4, 32]


@pytest.mark.parametrize(
    "content, message",
    [
        ("{", "file.json is no JSON (Expecting property name"),
        ("[1]", "file.json holds no settings, expected best.json of a sea"),
        ("{}", "file.json holds no settings, expected best.json"),
        ({"settings": 3}, "file.json holds no settings"),
        (
            {"settings": {**SETTINGS, "beta": 1.0, "widht": 3, "lr": 1}},
            "file.json has settings that no training has, widht, lr: remove",
        ),
        ({"versions": {}, "command": "x"}, "no training has, versions, comm"),
        ({**SETTINGS, "latent_dim": "2"}, "--latent-dim is '2', expected a w"),
        ({**SETTINGS, "data": None}, "--data is None, expected a name."),
        ({**SETTINGS, "beta": 2.0}, "--beta is 2, but a model 'gan' has"),
        (
            {"model": "vae", "data": "iris", "likelihood": "bernoulli"},
            "but iris holds real numbers",
        ),
        ({"latent_dim": 2}, "no model was named"),
    ],
    ids=str,
)
def test_refused(refuses_to_train, tmp_path, content, message):
    assert message in refuses_to_train("--from", write(content, "file.json"))


def test_no_file(refuses_to_train):
    message = refuses_to_train("--from", "best.json")
    assert message == "best.json: No such file or directory."


def test_beside_a_preset(refuses_to_train):
    file = write({"settings": SETTINGS})
    message = refuses_to_train("--from", file, "--preset", "table_gan")
    assert message == (
        "--from best.json and --preset table_gan were given: choose one."
    )


def test_beside_resume(refused, trained):
    file = write({"settings": SETTINGS})
    message = refused("train", "--from", file, "--resume", "--out", trained)
    assert message.startswith("--from and --resume were given, but the run in")


@pytest.mark.parametrize(
    "options, message",
    [
        (
            ("vae", "--learning-rate-ratio", "2"),
            "--learning-rate-ratio is 2, but a model 'vae' has no discrimina",
        ),
        (
            ("gan", "--learning-rate-ratio", "0"),
            "--learning-rate-ratio is 0, expected a number above 0.",
        ),
        (
            ("gan", "--average-decay", "1"),
            "--average-decay is 1, expected a finite number from 0 to below 1",
        ),
        (
            ("vae", "--network", "conv", "--depth", "9"),
            "depth is 9, but images of 8x8 can be halved 3 times: pass a",
        ),
    ],
    ids=str,
)
def test_options_that_do_not_fit(refuses_to_train, options, message):
    model, *rest = options
    assert message in refuses_to_train(model, "--data", "digits", *rest)


def test_every_setting_is_an_option():
    import inspect

    from tfgen.cli.options import with_options
    from tfgen.cli.train import train
    from tfgen.settings.table import SETTINGS

    options = set(inspect.signature(with_options(train)).parameters)
    of_the_command = {"out", "resume", "settings_file", "profile"}
    assert set(SETTINGS) == options - of_the_command
