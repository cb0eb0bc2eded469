"""Options that do not fit: one line, and nothing is written."""

from pathlib import Path

import pytest

DIGITS = ("vae", "--data", "digits")


def test_unknown_model(refuses_to_train):
    message = refuses_to_train("vea", "--data", "digits")
    known = "vae, gan, vae_gan, vq_vae"
    assert message == f"model is 'vea', expected one of {known}."


def test_no_model(refuses_to_train):
    message = refuses_to_train("--data", "digits")
    assert message.startswith("no model was named: pass vae")


def test_unknown_preset(refuses_to_train):
    message = refuses_to_train("--preset", "circle_vae")
    assert "did you mean 'circles_vae'?" in message


@pytest.mark.parametrize(
    "option, expected",
    [
        ("--network", "mlp, conv, resnet"),
        ("--likelihood", "bernoulli"),
        ("--precision", "float32, mixed_bfloat16"),
        ("--strategy", "none, mirrored"),
    ],
)
def test_unknown_name(refuses_to_train, option, expected):
    message = refuses_to_train(*DIGITS, option, "foo")
    assert message.startswith(f"{option} is 'foo', expected one of {expected}")


@pytest.mark.parametrize("size", ["big", "0", "8x", "1x2x3", "-4", "²"])
def test_image_size(refuses_to_train, size):
    message = refuses_to_train(*DIGITS, f"--image-size={size}")
    assert message.startswith(f"--image-size is {size!r}, expected a number")


def test_image_size_of_a_table(refuses_to_train):
    message = refuses_to_train("vae", "--data", "iris", "--image-size", "8")
    assert "--image-size" in message
    assert "image" in message.replace("--image-size", "")


def test_color_mode(refuses_to_train):
    message = refuses_to_train(*DIGITS, "--color-mode", "blue")
    assert "'blue'" in message
    assert "grayscale" in message


def test_conditional_without_classes(refuses_to_train):
    message = refuses_to_train("vae", "--data", "diabetes", "--conditional")
    assert message.startswith("--conditional, but diabetes has no classes")


@pytest.mark.parametrize("network", ["conv", "resnet"])
def test_network_for_images_on_a_table(refuses_to_train, network):
    message = refuses_to_train("vae", "--data", "iris", "--network", network)
    assert message.startswith(f"the {network!r} network takes images")
    assert "use --network='mlp'" in message


@pytest.mark.parametrize("name", ["bernoulli", "discretized_logistic"])
def test_likelihood_of_images_on_a_table(refuses_to_train, name):
    message = refuses_to_train("vae", "--data", "iris", "--likelihood", name)
    assert "but iris holds real numbers" in message
    assert "pass --likelihood gaussian" in message


@pytest.mark.parametrize(
    "data, name, message",
    [
        ("digits", "full_gaussian", "FullGaussian is of the columns of a tab"),
        ("iris", "logistic_mixture", "LogisticMixture is of images (height, "),
    ],
)
def test_likelihood_of_another_kind_of_data(
    refuses_to_train, data, name, message
):
    came = refuses_to_train("vae", "--data", data, "--likelihood", name)
    assert came.startswith(message)


@pytest.mark.parametrize("option", ["--beta", "--free-bits", "--learning-rate"])
def test_infinite_numbers(refuses_to_train, option):
    message = refuses_to_train(*DIGITS, option, "inf")
    assert message.startswith(f"{option} is inf, expected a")


def test_learning_rate_of_zero(refuses_to_train):
    message = refuses_to_train(*DIGITS, "--learning-rate", "0")
    assert message == "--learning-rate is 0, expected a number above 0."


def test_replicas_of_one_device(refuses_to_train):
    message = refuses_to_train(*DIGITS, "--replicas", "2")
    assert "pass --strategy mirrored" in message


def test_more_replicas_than_devices(refuses_to_train):
    message = refuses_to_train(
        *DIGITS, "--strategy", "mirrored", "--replicas", "99"
    )
    assert "99" in message


@pytest.mark.parametrize(
    "option", [("--network", "mlp"), ("--conditional",)], ids=str
)
def test_preset_with_networks_of_its_own(
    refuses_to_train, image_folder, option
):
    photos = image_folder(40)
    by_class = photos.parent / "by_class"
    for name in ("a", "b"):
        (by_class / name).mkdir(parents=True)
    for i, path in enumerate(sorted(photos.iterdir())):
        path.rename(by_class / "ab"[i % 2] / path.name)
    message = refuses_to_train(
        "--preset", "conv_vae", "--data", by_class, *option
    )
    assert "the preset 'conv_vae' has networks of its own" in message


def test_preset_for_another_shape(refuses_to_train):
    message = refuses_to_train("--preset", "conv_vae", "--data", "digits")
    assert "is for images of (32, 32, 3), got (8, 8, 1)" in message
    assert "--image-size" in message


def test_out_that_holds_a_run(refused, trained):
    message = refused("train", *DIGITS, "--out", trained)
    assert message.startswith(f"{trained} already holds a run")
    assert "pass --resume" in message


def test_out_that_holds_other_files(refused, tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter1.txt").write_text("It was")
    message = refused("train", *DIGITS, "--out", "thesis")
    assert message.startswith("thesis exists and is not empty")
    assert [path.name for path in Path("thesis").iterdir()] == ["chapter1.txt"]


def test_a_path_that_is_named_like_an_option(refused, tmp_path):
    folder = tmp_path / "batch_size"
    folder.mkdir()
    (folder / "chapter1.txt").write_text("It was")
    message = refused("train", *DIGITS, "--out", folder)
    assert message.startswith(f"{folder} exists and is not empty")


def test_out_that_is_a_file(refused, tmp_path):
    (tmp_path / "thesis").write_text("It was")
    message = refused("train", *DIGITS, "--out", "thesis")
    assert message.startswith("thesis is a file, expected a new folder")
    assert Path("thesis").read_text() == "It was"


def test_out_where_nothing_may_be_written(refused, tmp_path):
    (tmp_path / "thesis").write_text("It was")
    message = refused("train", *DIGITS, "--out", "thesis/run")
    assert message == "thesis/run: Not a directory."


@pytest.mark.parametrize(
    "words, expected",
    [
        ((), "Usage: tfgen [OPTIONS] COMMAND"),
        (("trian",), "No such command 'trian'"),
        (("train", "vae"), "Missing option '--out'"),
        (("train", *DIGITS, "--out", "run", "--epoch", "2"), "--epochs"),
        (("train", *DIGITS, "--out", "run", "--beta", "nan"), "--beta"),
        (("train", *DIGITS, "--out", "run", "--epochs", "0"), "--epochs"),
        (("train", *DIGITS, "--out", "run", "--epochs", "x"), "--epochs"),
        (("train", *DIGITS, "--out", "run", "--seed", 2**31), "--seed"),
        (("sample",), "Missing argument 'RUN'"),
    ],
    ids=str,
)
def test_usage_errors(tfgen, words, expected):
    done = tfgen(*words)
    assert done.status == 2
    assert expected in done.out + done.err
    assert "Traceback" not in done.err
    assert not Path("run").exists()


def test_debug_shows_the_traceback(tfgen):
    done = tfgen("train", "vea", "--data", "digits", "--out", "run", "--debug")
    assert done.status == 1
    assert done.err.startswith("Traceback")
    assert done.err.splitlines()[-1].startswith("tfgen: model is 'vea'")


def test_what_is_no_error_of_the_user_names_its_type(tfgen, monkeypatch):
    from tfgen.runs.folder import RunFolder

    def fail(self):
        raise RuntimeError("a bug\nin two lines")

    monkeypatch.setattr(RunFolder, "check_new", fail)
    done = tfgen("train", *DIGITS, "--out", "run")
    assert done.status == 1
    assert done.err == (
        "tfgen: RuntimeError: a bug in two lines (--debug shows where)\n"
    )


def test_interrupt_before_training(tfgen, monkeypatch):
    from tfgen.runs.folder import RunFolder

    def interrupt(self):
        raise KeyboardInterrupt

    monkeypatch.setattr(RunFolder, "check_new", interrupt)
    done = tfgen("train", *DIGITS, "--out", "run")
    assert done.status == 130
    assert done.err == ""


def test_value_range(refuses_to_train):
    message = refuses_to_train(*DIGITS, "--value-range", "0,2")
    assert message == "--value-range is '0,2', expected 0,1 or -1,1."
