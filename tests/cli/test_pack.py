"""tfgen pack: data as shards, and a run of them."""

import os
import signal

import numpy as np
import pytest

import tfgen as library
from tfgen.data.storage import ArrayStorage


def test_a_run_of_the_pack_is_the_run_of_the_data(tfgen, tmp_path):
    done = tfgen("pack", "digits", "--out", "packed data", "--shards", 3)
    assert done.status == 0
    size = sum(f.stat().st_size for f in tmp_path.rglob("*.tfrecord"))
    assert done.out == (
        f"1,797 rows   3 shards of {size / 1e6:.1f} MB   --data 'packed data'\n"
    )
    weights = []
    for data in ("digits", "packed data"):
        small = ("--epochs", 1, "--latent-dim", 2, "--width", 8)
        done = tfgen("train", "vae", "--data", data, "--out", data[:3], *small)
        assert done.status == 0
        weights.append(library.load(tmp_path / data[:3]).get_weights())
    for mine, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(mine, other)


def test_a_table_by_its_options(tfgen, tmp_path):
    rows = [f"{i}.5,{'ab'[i % 2]},{i * i % 7}" for i in range(40)]
    (tmp_path / "t.csv").write_text("\n".join(["x,kind,y", *rows]))
    done = tfgen(
        *("pack", "t.csv", "--out", "p", "--label-column", "kind"),
        *("--compression", "GZIP"),
    )
    assert done.status == 0
    source = library.data.load("p", "all")
    assert source.class_names == ("a", "b")
    assert source.reading.column_names == ("x", "y")
    assert (tmp_path / "p" / "t-00000-of-00001.tfrecord.gz").is_file()


def test_it_refuses_before_it_reads(refused, tmp_path):
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "a.txt").touch()
    message = refused(
        "pack", "no.csv", "--out", "p", "--shards", 2, "--shard-size", "x"
    )
    assert "shards and --shard-size say the same" in message
    assert "--shard-size is 'x', expected a number of bytes" in message
    assert "p holds 'a.txt', which is no part of a pack" in message


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
)
def test_a_pack_that_is_stopped_is_removed(
    tfgen, tmp_path, monkeypatch, number, status
):
    x = np.zeros((9000, 4, 4, 1), np.uint8)
    np.save(tmp_path / "x.npy", x)
    read = ArrayStorage.read

    def read_and_stop(storage, indices):
        if indices[0]:
            os.kill(os.getpid(), number)
        return read(storage, indices)

    monkeypatch.setattr(ArrayStorage, "read", read_and_stop)
    done = tfgen("pack", "x.npy", "--out", "p")
    assert (done.status, done.out) == (status, "")
    assert os.listdir(tmp_path) == ["x.npy"]
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
