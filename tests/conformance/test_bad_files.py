"""One mistake in a file is answered alike in whatever form it comes.

The cells of `test_bad_data.py` for files, read like a model's training data. A
cell is a pattern of the message of an error, `Said`, a pattern of a note where
a file is read all the same, or `Never`, why the mistake cannot be made.
"""

import csv

import numpy as np
import pandas as pd
import PIL.Image
import pytest
import tensorflow as tf

import tfgen

ROWS, BATCH, CLASSES = 40, 16, 3
X = np.random.default_rng(0).uniform(size=(ROWS, 4, 4, 1)).astype("float32")
Y = np.arange(ROWS) % CLASSES
ONE_HOT = np.eye(CLASSES, dtype="float32")[Y]


def in_folder(folder, x, y):
    """TIFF files of 32-bit floats, which hold whatever arrays do."""
    for i, (image, label) in enumerate(zip(x, y, strict=True)):
        inside = folder / "images" / str(label)
        inside.mkdir(parents=True, exist_ok=True)
        pixels = image[..., 0] if image.ndim == 3 else image
        PIL.Image.fromarray(pixels).save(inside / f"{i:02d}.tif")
    return folder / "images"


def in_records(folder, x, y):
    with tf.io.TFRecordWriter(str(folder / "a.tfrecord")) as writer:
        for image, label in zip(x, y, strict=True):
            found = {
                "x": feature(image),
                "shape": feature(np.array(image.shape)),
                "label": feature(np.array(label)),
            }
            features = tf.train.Features(feature=found)
            writer.write(
                tf.train.Example(features=features).SerializeToString()
            )
    return folder / "a.tfrecord"


def feature(values):
    if values.dtype.kind == "U":
        texts = tf.train.BytesList(value=[str(values).encode()])
        return tf.train.Feature(bytes_list=texts)
    if values.dtype.kind == "f" or values.ndim == 3:
        floats = tf.train.FloatList(value=values.ravel())
        return tf.train.Feature(float_list=floats)
    whole = tf.train.Int64List(value=values.ravel())
    return tf.train.Feature(int64_list=whole)


def in_csv(folder, x, y):
    with open(folder / "a.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*(f"c{i}" for i in range(x[0].size)), "label"])
        for row, label in zip(x, y, strict=True):
            writer.writerow([*row.ravel(), label])
    return folder / "a.csv"


def in_parquet(folder, x, y):
    names = [f"c{i}" for i in range(x[0].size)]
    frame = pd.DataFrame(np.reshape(x, (len(x), -1)), columns=names)
    frame = frame.assign(label=y if y.ndim == 1 else list(y))
    frame.to_parquet(folder / "a.parquet")
    return folder / "a.parquet"


FORMS = {
    "folder": in_folder,
    "TFRecord": in_records,
    "CSV": in_csv,
    "Parquet": in_parquet,
}


class Never(str):
    """Why a mistake cannot be made."""


class Said(str):
    """What is said where a file is read all the same."""


def of_images_and_tables(images, tables):
    return {
        "folder": images,
        "TFRecord": images,
        "CSV": tables,
        "Parquet": tables,
    }


def spoiled(values, row, value):
    values = values.copy()
    values[row] = value
    return values


TO_DO = ".*: mend it, or take other data"
# What is done to a row of a number, and what each form answers. <row> counts
# from 0, <line> those of a text.
ROW_MISTAKES = {
    "range": (
        lambda row: (spoiled(X, row, 255.0), Y),
        dict.fromkeys(
            FORMS, r"values from \S+ to 255; expected .*\[0, 1\].*: divide by"
        ),
    ),
    # A file does not tell its range: for images its bulk decides.
    "signed": (
        lambda row: (spoiled(X, row, -1.0), Y),
        of_images_and_tables(
            Said(r"lies in \[-1, 1\] by its values, 2% of them below 0"),
            r"values from -1 to \S+; expected \[0, 1\]: rescale from \[-1, 1\]",
        ),
    ),
    "NaN": (
        lambda row: (spoiled(X, (row, 0), np.nan), Y),
        {
            "folder": r"<row>\.tif has 4 values that are NaN or.*: remove or",
            "TFRecord": "4 values that are NaN .* in row <row>;.*: remove or",
            "CSV": "line <line>, column 'c0': the value is missing.*: fill",
            "Parquet": "row <next>, column 'c0': the value is missing.*: fill",
        },
    ),
    "infinite": (
        lambda row: (spoiled(X, (row, 0), np.inf), Y),
        {
            "folder": r"<row>\.tif has 4 values that are NaN or.*: remove or",
            "TFRecord": "4 values that are NaN .* in row <row>;.*: remove or",
            "CSV": "line <line>, column 'c0': 'inf' is no finite.*: write val",
            "Parquet": "row <next>, column 'c0': 'inf' is no finite.*: write v",
        },
    ),
    "label": (
        lambda row: (X, spoiled(Y, row, 3)),
        dict.fromkeys(
            FORMS, "has the classes '3' beside '0', '1', '2'" + TO_DO
        ),
    ),
    "negative label": (
        lambda row: (X, spoiled(Y, row, -1)),
        dict.fromkeys(FORMS, "the classes '-1' beside '0', '1', '2'" + TO_DO),
    ),
    "fraction": (
        lambda row: (X, spoiled(Y.astype("float32"), row, 0.5)),
        {
            # A name is a text, of which 0.5 is as good as another.
            "folder": "the classes '0.0', '0.5', .* beside" + TO_DO,
            "CSV": "the classes '0.0', '0.5', .* beside" + TO_DO,
            "TFRecord": "y holds fractions such as 0.5; expected class num",
            "Parquet": "y holds fractions such as 0.5; expected class numb",
        },
    ),
    "two-hot": (
        lambda row: (X, spoiled(ONE_HOT, row, 1.0)),
        {
            "folder": Never("an image lies in one folder"),
            "CSV": Never("a cell holds one class"),
            "TFRecord": r"y has shape \(40, 3\), but its rows are not one-hot",
            "Parquet": r"y has shape \(40, 3\), but its rows are not one-hot",
        },
    ),
}
# A row of a number that is an array of another shape or type.
ODD_ROWS = {
    "shape": (
        lambda row: [x[:3] if i == row else x for i, x in enumerate(X)],
        {
            "folder": Said("1 of 40 images have other proportions than 4x4"),
            "TFRecord": r"record <row> has shape \(3, 4, 1\), but the first",
            "CSV": "line <line> has 13 values, expected 17 as in the first",
            "Parquet": Never("a column has a value in each row"),
        },
    ),
    "type": (
        lambda row: [
            (x * 255).astype("uint8") if i == row else x
            for i, x in enumerate(X)
        ],
        {
            "folder": Never("bytes are what images are stored in"),
            "TFRecord": r"values from \S+ to 2\d\d; expected .*\[0, 1\].*: div",
            "CSV": r"values from \S+ to 2\d\d; expected \[0, 1\]: divide by",
            "Parquet": r"values from \S+ to 2\d\d; expected \[0, 1\]: divide",
        },
    ),
    "texts": (
        lambda row: [
            np.full((4, 4, 1), "1,5") if i == row else x
            for i, x in enumerate(X)
        ],
        {
            "folder": Never("a pixel is a number"),
            "TFRecord": "record <row>: feature 'x' holds 0 floats; expected",
            "CSV": "line <line>, column 'c0': '1,5' is no finite number.*: wr",
            "Parquet": Never("a column has one type"),
        },
    ),
}
KINDS = {
    "bytes": (
        lambda: ((X * 255).astype("uint8"), Y),
        {
            "folder": Never("bytes are what images are stored in"),
            "TFRecord": Said("float32 of 0 to 254: read as 8 bits, 255 is wh"),
            "CSV": r"from 0 to 254; expected \[0, 1\]: divide by 255",
            "Parquet": r"from 0 to 254; expected \[0, 1\]: divide by 255",
        },
    ),
    "shape": (
        lambda: (X[:, :3], Y),
        of_images_and_tables(
            Said("40 of 40 images have other proportions than 4x4: their mid"),
            "there is no column 'c12', 'c13', 'c14', 'c15'; the columns are",
        ),
    ),
    "channels first": (
        lambda: (np.moveaxis(np.tile(X, 3), -1, 1), Y),
        {
            "folder": Never("an image file has its channels last"),
            "TFRecord": r"\(40, 3, 4, 4\); expected .*: put channels last",
            "CSV": Said("not trained on are left out: 'c16', 'c17', 'c18', "),
            "Parquet": Said("not trained on are left out: 'c16', 'c17', 'c18"),
        },
    ),
    "rank": (
        lambda: (X[..., 0], Y),
        of_images_and_tables(
            Never("without channels it is an image in grey"),
            Never("a row has columns alone"),
        ),
    ),
    "one-hot of more classes": (
        lambda: (X, np.eye(4, dtype="float32")[Y]),
        {
            "folder": Never("an image lies in one folder"),
            "CSV": Never("a cell holds one class"),
            "TFRecord": "it has the classes '3' beside '0', '1', '2'" + TO_DO,
            "Parquet": "it has the classes '3' beside '0', '1', '2'" + TO_DO,
        },
    ),
    "texts": (
        lambda: (X, np.array(list("abc"))[Y]),
        dict.fromkeys(FORMS, "the classes 'a', 'b', 'c' beside '0'" + TO_DO),
    ),
}


def cells(table):
    return [
        pytest.param(form, mistake, id=f"{form}-{mistake}")
        for mistake, (_, answers) in table.items()
        for form in FORMS
        if not isinstance(answers[form], Never)
    ]


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Models that know their training data's reading, by form."""
    found = {}
    for form, shape in (("folder", (4, 4, 1)), ("CSV", (16,))):
        folder = tmp_path_factory.mktemp(form)
        options = {}
        if form == "CSV":
            options = {"label_column": "label", "value_range": (0, 1)}
        source = tfgen.data.load(FORMS[form](folder, X, Y), "all", **options)
        model = tfgen.build(
            "vae",
            input_shape=shape,
            latent_dim=2,
            likelihood="bernoulli",
            network="mlp",
            network_options={"units": (4,)},
            num_classes=CLASSES,
        )
        model.compile("sgd")
        model.reading = source.reading
        found[form] = model
    return of_images_and_tables(*found.values())


def at(row, answer):
    for mark, number in {"row": row, "next": row + 1, "line": row + 2}.items():
        answer = type(answer)(answer.replace(f"<{mark}>", str(number)))
    return answer


def check_answer(model, path, answer):
    """That a file is answered so, when it is read or in the step."""
    if isinstance(answer, Said):
        with pytest.warns(tfgen.data.DataNote, match=answer):
            source = tfgen.data.load(path, "all", like=model)
        assert source.shape == model.data_shape
        assert source.value_range == (0.0, 1.0)
        return
    done = model.steps_done
    with pytest.raises(ValueError, match=answer) as error:
        source = tfgen.data.load(path, "all", like=model)
        model.fit(source, batch_size=BATCH, shuffle=False, verbose=0)
    message = str(error.value)
    assert "\n" not in message
    assert path.name in message or message.startswith("batch ")
    assert model.steps_done - done <= 37 // BATCH


@pytest.mark.filterwarnings("ignore:y has the labels:tfgen.data.DataNote")
@pytest.mark.parametrize("row", [3, 37], ids=["first batch", "later batch"])
@pytest.mark.parametrize(("form", "mistake"), cells(ROW_MISTAKES))
def test_the_table(models, tmp_path, form, mistake, row):
    spoil, answers = ROW_MISTAKES[mistake]
    path = FORMS[form](tmp_path, *spoil(row))
    check_answer(models[form], path, at(row, answers[form]))


@pytest.mark.parametrize("row", [3, 37], ids=["first batch", "later batch"])
@pytest.mark.parametrize(("form", "mistake"), cells(ODD_ROWS))
def test_rows_apart(models, tmp_path, form, mistake, row):
    make, answers = ODD_ROWS[mistake]
    path = FORMS[form](tmp_path, make(row), Y)
    check_answer(models[form], path, at(row, answers[form]))


@pytest.mark.parametrize(("form", "mistake"), cells(KINDS))
def test_kinds_of_files(models, tmp_path, form, mistake):
    spoil, answers = KINDS[mistake]
    check_answer(models[form], FORMS[form](tmp_path, *spoil()), answers[form])


@pytest.mark.parametrize("form", FORMS)
def test_no_cell_is_left_out(form):
    for table in (ROW_MISTAKES, ODD_ROWS, KINDS):
        assert all(form in answers for _, answers in table.values())


@pytest.mark.filterwarnings("ignore::tfgen.data.DataNote")
@pytest.mark.parametrize("form", FORMS)
def test_good_files_are_taken_alike(models, tmp_path, form):
    """Rounding beyond the range is clipped; labels may be floats or one-hot."""
    labels = {"folder": Y, "TFRecord": ONE_HOT, "CSV": Y.astype("float32")}
    path = FORMS[form](
        tmp_path, X + np.float32(5e-4) * (X > 0.9995), labels.get(form, ONE_HOT)
    )
    model = models[form]
    source = tfgen.data.load(path, "all", like=model)
    found = model.evaluate(source, verbose=0)
    # Noise goes by the number of a row, and a folder has them by class.
    rows = np.argsort(Y, kind="stable") if form == "folder" else np.arange(ROWS)
    x = X.reshape(ROWS, *model.data_shape)[rows]
    wanted = model.evaluate(x, Y[rows], verbose=0)
    assert found == pytest.approx(wanted, rel=1e-3)
