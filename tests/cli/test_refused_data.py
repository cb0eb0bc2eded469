"""Data that cannot be trained on: one line, and nothing is written."""

import subprocess
import sys

import numpy as np
import PIL.Image
import pyarrow.parquet
import pytest

import tfgen as library


def test_unknown_name(refuses_to_train):
    message = refuses_to_train("vae", "--data", "digit")
    assert "Unknown data set 'digit'" in message
    assert "Did you mean 'digits'?" in message


def test_no_data(refuses_to_train):
    message = refuses_to_train("vae")
    assert message.startswith("no data was named: pass --data")


def test_missing_path(refuses_to_train):
    message = refuses_to_train("vae", "--data", "no/where")
    assert "No file or folder at 'no/where'" in message


def test_folder_without_images(refuses_to_train, tmp_path):
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "a.txt").write_text("a")
    message = refuses_to_train("vae", "--data", folder)
    assert f"'{folder}' has no images among its 1 files" in message
    assert ".png" in message


def test_unreadable_image(refuses_to_train, image_folder):
    folder = image_folder(4)
    (folder / "002.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    message = refuses_to_train("vae", "--data", folder)
    assert f"'{folder / '002.png'}' cannot be read as an image" in message
    assert "repair or remove it" in message


def test_images_of_different_sizes(refuses_to_train, image_folder):
    folder = image_folder(4)
    PIL.Image.new("RGB", (20, 10)).save(folder / "003.png")
    message = refuses_to_train("vae", "--data", folder)
    assert f"'{folder / '003.png'}' is 10x20" in message
    assert "32x32" in message
    assert "pass --image-size" in message


def test_images_grey_and_in_colour(refuses_to_train, image_folder):
    folder = image_folder(4)
    PIL.Image.new("L", (32, 32)).save(folder / "003.png")
    message = refuses_to_train("vae", "--data", folder)
    assert "pass --color-mode='grayscale' or 'rgb'" in message


def test_csv_with_text(refuses_to_train, tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("width,kind\n1,0\n2,red\n")
    message = refuses_to_train("vae", "--data", path)
    assert message.startswith(f"{path}: line 3, column 'kind': 'red' is no")
    assert "--label-column='kind' takes it" in message


def test_csv_with_a_short_line(refuses_to_train, tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("a,b\n1,2\n3\n")
    message = refuses_to_train("vae", "--data", path)
    assert message.startswith(f"{path}: line 3 has 1 values, expected 2")


def test_csv_that_is_no_text(refuses_to_train, tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes(b"a,b\n\xff\xfe,1\n")
    message = refuses_to_train("vae", "--data", path)
    assert "line 2: no UTF-8 text" in message


def test_csv_without_the_label_column(refuses_to_train, tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("a,b\n1,2\n")
    message = refuses_to_train(
        "vae", "--data", path, "--label-column", "colour"
    )
    assert "there is no column 'colour'; the columns are 'a', 'b'" in message


def test_npz_without_x(refuses_to_train, tmp_path):
    path = tmp_path / "data.npz"
    np.savez(path, a=np.zeros((4, 3)), b=np.zeros(4))
    message = refuses_to_train("vae", "--data", path)
    assert "has the keys a, b; expected x" in message


def test_npz_that_is_none(refuses_to_train, tmp_path):
    path = tmp_path / "data.npz"
    path.write_bytes(b"nothing")
    message = refuses_to_train("vae", "--data", path)
    assert f"'{path}' cannot be read as NumPy arrays" in message


@pytest.mark.parametrize(
    "array, expected",
    [
        (np.float32(1.0), "single number"),
        (np.zeros((4, 3, 2, 2, 2), np.float32), "shape (4, 3, 2, 2, 2)"),
        (np.array(["a", "b"]), "expected real numbers"),
        (np.array([[0.0], [np.nan]]), "NaN or infinite, the first in row 1"),
        (np.zeros((0, 8), np.float32), "is empty"),
    ],
    ids=["number", "rank 5", "text", "NaN", "empty"],
)
def test_npy(refuses_to_train, tmp_path, array, expected):
    path = tmp_path / "data.npy"
    np.save(path, array)
    message = refuses_to_train("vae", "--data", path)
    assert expected in message.replace(" (or too large for float32)", "")
    assert message.startswith(f"'{path}': x ")


def test_other_files(refuses_to_train, tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("a")
    message = refuses_to_train("vae", "--data", path)
    assert "is no kind of file tfgen reads; expected .npz" in message


def test_fewer_rows_than_a_batch(refuses_to_train):
    message = refuses_to_train(
        "vae", "--data", "digits", "--batch-size", 5000, "--network", "mlp"
    )
    assert message == (
        "1438 rows are fewer than one batch of 5000: pass --batch-size <= 1438."
    )


def test_too_few_rows_to_hold_some_out(refuses_to_train, tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("a,b\n1,2\n3,4\n")
    message = refuses_to_train("vae", "--data", path)
    assert "part of 'table.csv' is empty, it has 2 rows" in message
    assert "split=" not in message


def test_a_name_in_a_path_stays_as_it_is(refuses_to_train):
    message = refuses_to_train("vae", "--data", "./image_size/label_column")
    assert "'./image_size/label_column'" in message


def test_an_image_that_breaks_while_streaming(tfgen, image_folder, monkeypatch):
    from tfgen.data import batches
    from tfgen.data.image_folder import read_image_folder
    from tfgen.runs.folder import RunFolder

    # As a folder too large for the memory is read.
    monkeypatch.setattr(
        read_image_folder,
        "__defaults__",
        (None, None, None, 0, None, None, None),
    )
    monkeypatch.setattr(batches, "MEMORY_LIMIT", 0)
    folder = image_folder(40)
    train = library.data.load(folder)
    write_settings = RunFolder.write_settings

    def then_break_images(self, *arguments):
        write_settings(self, *arguments)
        for i in train.indices:  # the pictures are of the others
            path = train.storage.files[i]
            path.write_bytes(path.read_bytes()[:200])

    monkeypatch.setattr(RunFolder, "write_settings", then_break_images)
    done = tfgen(
        "train", "vae", "--data", folder, "--out", "run", "--network", "mlp"
    )
    assert done.status == 1
    assert done.err.startswith(f"tfgen: '{folder}/")
    assert ".png' cannot be read as an image" in done.err
    assert done.err.endswith("repair or remove it.\n")
    assert done.err.count("\n") == 1
    assert "Traceback" not in done.err


def test_files_are_refused_before_tensorflow_is_loaded(tmp_path, trained_table):
    """All in one process of its own, which ends without TensorFlow."""
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n1,x\n")
    (tmp_path / "good.csv").write_text("a,b\n1,2\n1,3\n")
    (tmp_path / "empty").mkdir()
    table = pyarrow.table({"a": [[1.0], [2.0]]})
    pyarrow.parquet.write_table(table, tmp_path / "bad.parquet")
    (tmp_path / "notes.txt").write_text("dear")
    commands = [
        [*"train vae --out run --data".split(), name]
        for name in ("bad.csv", "no.csv", "empty", "bad.parquet", "notes.txt")
    ]
    commands.append("evaluate --real good.csv --generated bad.csv".split())
    commands.append(
        ["score", str(trained_table), "good.csv", "--out", "scores.csv"]
    )
    code = f"""
import sys
sys.argv = ["tfgen"]
from tfgen.cli.main import main
for words in {commands}:
    sys.argv = ["tfgen", *words]
    try:
        main()
    except SystemExit as end:
        assert end.code == 1, words
print("tensorflow" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "False\n", done.stderr
    announced, lines = (done.stderr.splitlines()[i::2] for i in (0, 1))
    assert len(announced) == len(lines) == len(commands)
    assert announced[0] == "training in run (loading TensorFlow) ..."
    for line, expected in zip(
        lines,
        (
            "line 3, column 'b': 'x' is no finite number",
            "No file or folder at 'no.csv'",
            "'empty' has no images among its 0 files",
            "column 'a': the type is mixed objects",
            "'notes.txt' is no kind of file tfgen reads",
            "bad.csv: line 3, column 'b'",
            "good.csv cannot be read like the training data: it has no",
        ),
        strict=True,
    ):
        assert expected in line
