"""Checkpoints that were damaged are named, and the one before them used."""

import pathlib
import shutil
import subprocess

import keras
import numpy as np
import pytest

import tfgen
from tfgen.callbacks.checkpoint_files import CheckpointFiles


def make_model():
    model = tfgen.build(
        "vae",
        input_shape=(4,),
        latent_dim=2,
        network="mlp",
        network_options={"units": (4,)},
        seed=0,
    )
    model.compile("adam", run_eagerly=True)
    return model


class Counts(keras.callbacks.Callback):
    """Remembers something, which has a file of its own."""

    epochs = 0

    def on_epoch_end(self, epoch, logs=None):
        self.epochs += 1


def train(folder, epochs, said=None, keep=2):
    model = make_model()
    x = np.random.RandomState(0).rand(32, 4).astype("float32")
    checkpoint = tfgen.callbacks.Checkpoint(
        folder,
        every_steps=1,
        keep=keep,
        report=None if said is None else said.append,
    )
    model.fit(
        x,
        batch_size=16,
        epochs=epochs,
        verbose=0,
        callbacks=[Counts(), checkpoint],
    )
    return model


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Checkpoints of steps 3 and 4."""
    folder = tmp_path_factory.mktemp("trained") / "checkpoints"
    train(folder, epochs=2)
    return folder


@pytest.fixture
def folder(trained, tmp_path):
    return pathlib.Path(shutil.copytree(trained, tmp_path / "checkpoints"))


def flip(file):
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


DAMAGE = {
    "truncated": lambda f: f.write_bytes(f.read_bytes()[:-1]),
    "zeroed": lambda f: f.write_bytes(bytes(f.stat().st_size)),
    "flipped": flip,
    "empty": lambda f: f.write_bytes(b""),
    "missing": pathlib.Path.unlink,
}
PARTS = (".index", ".data-00000-of-00001", ".callbacks.npz")


def test_checksums_are_those_of_another_program(trained):
    names = sorted(path.name for path in trained.iterdir())
    assert [n for n in names if n.startswith("ckpt-4")] == [
        "ckpt-4.callbacks.npz",
        "ckpt-4.data-00000-of-00001",
        "ckpt-4.index",
        "ckpt-4.sha256",
    ]
    assert not [name for name in names if name.startswith("ckpt-2")]
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", "ckpt-4.sha256"],
        cwd=trained,
        capture_output=True,
    )
    assert done.returncode == 0


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("damage", DAMAGE)
def test_any_damage_is_named(folder, damage, part):
    DAMAGE[damage](folder / f"ckpt-4{part}")
    said, files = [], CheckpointFiles(folder)
    assert files.newest(said.append) == str(folder / "ckpt-3")
    wrong = "is missing" if damage == "missing" else "is not as it was written"
    assert said == [
        f"the checkpoint ckpt-4: ckpt-4{part} {wrong}; going on from the one "
        "before it, ckpt-3."
    ]


@pytest.mark.parametrize("damage", [d for d in DAMAGE if d != "missing"])
def test_damaged_checksums(folder, damage):
    DAMAGE[damage](folder / "ckpt-4.sha256")
    assert CheckpointFiles(folder).damage(str(folder / "ckpt-4"))


@pytest.mark.parametrize("gone", ["ckpt-4.sha256", "checkpoint"])
def test_what_tells_of_checkpoints_may_be_lost(folder, gone):
    """As where they are of an earlier version, or were copied by `*.*`."""
    (folder / gone).unlink()
    newest = CheckpointFiles(folder).newest(pytest.fail)
    assert newest == str(folder / "ckpt-4")


LIST = b'all_model_checkpoint_paths: "ckpt-2"\n'


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"model_check", LIST])
def test_a_damaged_list_of_checkpoints_loses_none(folder, tmp_path, content):
    """A disk may come back from a power cut with an empty one."""
    (folder / "checkpoint").write_bytes(content)
    newest = CheckpointFiles(folder).newest(pytest.fail)
    assert newest == str(folder / "ckpt-4")
    shutil.copytree(folder, tmp_path / "copy")
    train(tmp_path / "copy", epochs=3, said=[])
    left = {p.name for p in (tmp_path / "copy").glob("*.index")}
    assert "ckpt-6.index" in left and "ckpt-2.index" not in left


def test_the_training_goes_on_from_the_one_before(folder, tmp_path):
    flip(folder / "ckpt-4.data-00000-of-00001")
    said = []
    resumed = train(folder, epochs=3, said=said)
    assert [line.partition(":")[0] for line in said] == [
        "the checkpoint ckpt-4"
    ]
    whole = train(tmp_path / "whole", epochs=3)
    assert resumed.steps_done == whole.steps_done == 6
    for mine, theirs in zip(
        resumed.get_weights(), whole.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(mine, theirs)
    files = CheckpointFiles(folder)
    assert [pathlib.Path(path).name for path in files.all()] == [
        "ckpt-5",
        "ckpt-6",
    ]
    assert [files.damage(path) for path in files.all()] == [None, None]


def test_none_is_whole(folder):
    for number in (3, 4):
        flip(folder / f"ckpt-{number}.index")
    with pytest.raises(ValueError, match="no checkpoint in .* is whole") as e:
        train(folder, epochs=3)
    for number in (3, 4):
        assert f"ckpt-{number}: ckpt-{number}.index is not as" in str(e.value)


def test_what_a_kill_left_is_none(folder):
    """TensorFlow's own temporary folder, and a file of an unfinished one."""
    (folder / "ckpt-5_temp").mkdir()
    (folder / "ckpt-5_temp" / "part").write_bytes(b"half")
    (folder / "ckpt-5.index").write_bytes(b"")
    files = CheckpointFiles(folder)
    assert files.newest(pytest.fail) == str(folder / "ckpt-4")
    files.remove_unfinished()
    assert not list(folder.glob("ckpt-5*"))
    assert files.newest(pytest.fail) == str(folder / "ckpt-4")


def test_weights_that_are_not_finite_are_not_saved(folder):
    class Spoils(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            weight = self.model.decoder.trainable_variables[0]
            weight.assign(np.full(weight.shape, np.nan))

    model = make_model()
    x = np.zeros((32, 4), "float32")
    checkpoint = tfgen.callbacks.Checkpoint(folder)
    message = r"has values that are NaN or infinite at step 6, .*ckpt-4 stays"
    with pytest.raises(FloatingPointError, match=message):
        model.fit(
            x,
            batch_size=16,
            epochs=3,
            verbose=0,
            callbacks=[Counts(), Spoils(), checkpoint],
        )
    newest = CheckpointFiles(folder).newest(pytest.fail)
    assert newest == str(folder / "ckpt-4")
