"""Readers, each with valid files of it that are mutated.

A mutated file is read, and comes out as its reader promises, or it is refused
in words: a `ValueError` that tfgen's own code raises, as commands print it.
"""

import contextlib
import dataclasses
import gzip
import http.client
import io
import json
import math
import pathlib
import struct
import traceback
import zipfile
import zlib
from collections.abc import Callable, Iterator

import numpy as np
import PIL.Image
import tensorflow as tf
from mutations import change_bytes, change_json

import tfgen

PACKAGE = pathlib.Path(tfgen.__file__).parent
EXPORT = PACKAGE.parent / "export"
ROWS = 12
CSV = "city,size,day,kind\n" + "".join(
    f'"{"Oslo,Bergen,Rome".split(",")[i % 3]}",{i / 4},2020-01-{i + 1:02},'
    f"{'ab'[i % 2]}\n"
    for i in range(ROWS)
)


@dataclasses.dataclass
class Seed:
    """A valid file, or a part of one.

    Attributes:
        name: of the file in the reader's folder.
        content: what is mutated.
        change: how.
        put: makes the file of the mutated content.
    """

    name: str
    content: bytes
    change: Callable = change_bytes
    put: Callable[[bytes], bytes] = bytes


@dataclasses.dataclass
class Reader:
    """A reader with files to mutate.

    Attributes:
        seeds: the files; one is mutated, others of other names stay whole.
        read: reads the folder or file and checks what comes out.
        beside: files that are always there.
    """

    seeds: list[Seed]
    read: Callable[[pathlib.Path, Seed], None]
    beside: dict[str, bytes] = dataclasses.field(default_factory=dict)

    def try_one(self, folder: pathlib.Path, which: int, drawn: list) -> bool:
        """Whether a mutated file is read; False where it is refused.

        Raises:
            Exception: whatever is no refusal in words.
        """
        seed = self.seeds[which % len(self.seeds)]
        for name, content in self.beside.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(content)
        content = seed.put(seed.change(seed.content, drawn))
        (folder / seed.name).write_bytes(content)
        try:
            self.read(folder, seed)
        except Exception as error:
            if not is_refusal(error):
                raise
            return False
        finally:
            (folder / seed.name).unlink()
        return True


class Refused(Exception):
    """A server's refusal."""


def is_refusal(error: Exception) -> bool:
    """Whether it is tfgen's own word, not one of a library or a slip."""
    if isinstance(error, Refused):
        return len(str(error)) > 10
    raised = traceback.extract_tb(error.__traceback__)[-1].filename
    ours = any(
        pathlib.Path(raised).is_relative_to(f) for f in (PACKAGE, EXPORT)
    )
    return ours and type(error) is ValueError and len(str(error)) > 20


def read_source(path: pathlib.Path) -> None:
    """Reads all rows; they must be what the source says of itself."""
    source = tfgen.data.load(path, "all")
    x, labels = source.rows(np.arange(len(source)))
    assert x.shape == (len(source), *source.shape), x.shape
    assert x.dtype == np.float32, x.dtype
    assert np.isfinite(x).all(), x
    if source.value_range:
        low, high = source.value_range
        assert low <= x.min() and x.max() <= high, (x.min(), x.max())
    if labels is not None:
        assert set(labels.tolist()) <= set(range(source.num_classes)), labels


def of_file(folder: pathlib.Path, seed: Seed) -> None:
    read_source(folder / seed.name)


def of_folder(folder: pathlib.Path, seed: Seed) -> None:
    read_source(folder)


def table_files() -> list[Seed]:
    text = CSV.encode()
    return [
        Seed("table.csv", text),
        Seed("table.tsv", text.replace(b",", b"\t")),
        Seed("table.csv", text.replace(b",", b";").replace(b".", b",")),
        Seed("table.csv", CSV.encode("utf-16")),
        Seed("table.csv.gz", text, put=gzip.compress),
        Seed("table.csv.gz", gzip.compress(text)),
    ]


def parquet_files() -> list[Seed]:
    import pandas as pd

    frame, found = pd.read_csv(io.StringIO(CSV)), []
    frame["day"] = pd.to_datetime(frame["day"])
    for options in ({"compression": None}, {"use_dictionary": False}):
        file = io.BytesIO()
        frame.to_parquet(file, **options)
        found.append(Seed("table.parquet", file.getvalue()))
    return found


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def zipped(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return file.getvalue()


def numpy_files() -> list[Seed]:
    images = np.arange(ROWS * 16, dtype=np.uint8).reshape(ROWS, 4, 4, 1)
    x, y = npy(images), npy(np.arange(ROWS) % 3)
    rows = npy(np.linspace(0, 1, ROWS * 3).reshape(ROWS, 3))
    return [
        Seed("x.npy", x),
        Seed("x.npy", rows),
        Seed("x.npz", zipped(x=x, y=y)),
        Seed("x.npz", x, put=lambda content: zipped(x=content, y=y)),
        Seed("x.npz", y, put=lambda content: zipped(x=x, y=content)),
    ]


def encoded(form: str, mode: str = "RGB", **options) -> bytes:
    file = io.BytesIO()
    pixels = np.arange(8 * 8 * 3, dtype=np.uint8).reshape(8, 8, 3)
    image = PIL.Image.fromarray(pixels).convert(mode)
    image.save(file, form, **options)
    return file.getvalue()


def with_checksums(png: bytes) -> bytes:
    """A PNG whose chunks have the checksums of what they hold by now."""
    fixed, at = bytearray(png[:8]), 8
    while at + 8 <= len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        body = png[at + 4 : at + 8 + length]
        fixed += png[at : at + 4] + body
        fixed += struct.pack(">I", zlib.crc32(body))
        at += 12 + length
    return bytes(fixed)


def image_files() -> list[Seed]:
    png = encoded("PNG")
    return [
        Seed("c.png", png),
        Seed("c.png", png, put=with_checksums),
        Seed("c.png", encoded("PNG", "P"), put=with_checksums),
        Seed("c.jpg", encoded("JPEG")),
        Seed("c.gif", encoded("GIF", "P")),
        Seed("c.bmp", encoded("BMP")),
        Seed("c.tiff", encoded("TIFF")),
        Seed("c.webp", encoded("WEBP")),
    ]


def record_files(folder: pathlib.Path) -> list[Seed]:
    def framed(*records: bytes) -> bytes:
        path = folder / "framed"
        with tf.io.TFRecordWriter(str(path)) as writer:
            for record in records:
                writer.write(record)
        return path.read_bytes()

    found = []
    for name, x in (
        ("images", np.zeros((3, 4, 4, 1), np.uint8)),
        ("floats", np.linspace(0, 1, 6).reshape(3, 2).astype("float32")),
    ):
        path = folder / f"{name}.tfrecord"
        tfgen.data.write_tfrecords(path, x, [0, 1, 0])
        records = list(tf.data.TFRecordDataset(str(path)).as_numpy_iterator())
        found += [
            Seed("x.tfrecord", path.read_bytes()),
            Seed("x.tfrecord", gzip.compress(path.read_bytes())),
            Seed(
                "x.tfrecord",
                records[1],
                put=lambda one, of=records: framed(of[0], one, of[2]),
            ),
        ]
    return found


def pack_files(folder: pathlib.Path) -> Reader:
    (folder / "table.csv").write_text(CSV)
    tfgen.data.pack(folder / "table.csv", folder / "pack")
    files = {p.name: p.read_bytes() for p in (folder / "pack").iterdir()}
    with np.load(folder / "pack" / "index.npz") as index:
        arrays = {name: npy(index[name]) for name in index}
    seeds = [
        Seed("pack.json", files["pack.json"], change_json),
        Seed("index.npz", files["index.npz"]),
    ]
    for name, content in arrays.items():
        seeds.append(
            Seed(
                "index.npz",
                content,
                put=lambda new, name=name: zipped(**{**arrays, name: new}),
            )
        )
    seeds += [Seed(n, c) for n, c in files.items() if n.endswith(".tfrecord")]
    return Reader(seeds, of_folder, files)


def checkpoint_files(folder: pathlib.Path) -> Reader:
    """Two checkpoints of a model, and what lists them."""
    from tfgen.callbacks.checkpoint_files import CheckpointFiles

    files = CheckpointFiles(folder)
    for step in (1, 2):
        path = str(folder / f"ckpt-{step}")
        tf.train.Checkpoint(weight=tf.Variable([1.0 * step])).write(path)
        files.seal(path)
    files.list_again(str(folder / "ckpt-2"))
    made = {p.name: p.read_bytes() for p in folder.iterdir()}

    def read(there, seed):
        files = CheckpointFiles(there)
        newest = files.newest(lambda line: None)
        for name in made:
            if name.startswith(f"{pathlib.Path(newest).name}."):
                assert (there / name).read_bytes() == made[name], name
        files.list_again(newest)
        assert tf.train.latest_checkpoint(there) == newest

    return Reader(
        [
            Seed(name, content)
            for name, content in made.items()
            if not name.startswith("ckpt-1")
        ],
        read,
        made,
    )


def settings_files() -> Reader:
    from tfgen.runs.settings import new_settings, with_settings_of

    def read(folder, seed):
        new_settings(with_settings_of(folder / seed.name, {}))

    config = {
        "model": "vae",
        "data": "digits",
        "latent_dim": 4,
        "network": "mlp",
        "learning_rate": 0.001,
        "epochs": 3,
        "beta_warmup": 10,
        "conditional": False,
        "preset": "dense_vae",
    }
    content = json.dumps(config).encode()
    best = json.dumps({"settings": config, "value": 1.5}).encode()
    return Reader(
        [
            Seed("config.json", content, change_json),
            Seed("best.json", best, change_json),
            Seed("config.json", content),
        ],
        read,
    )


def schema_files(folder: pathlib.Path) -> Reader:
    def read(folder, seed):
        schema = tfgen.data.Schema.read(folder / seed.name)
        source = tfgen.data.load(folder / "table.csv", "all", schema=schema)
        assert np.isfinite(source.rows(np.arange(len(source)))[0]).all()

    table = folder / "table.csv"
    table.write_text(CSV)
    content = json.dumps(tfgen.data.Schema.of(table).to_json()).encode()
    seeds = [
        Seed("schema.json", content, change_json),
        Seed("schema.json", content),
    ]
    return Reader(seeds, read, {"table.csv": CSV.encode()})


def readings(folder: pathlib.Path) -> Reader:
    """What a model keeps of how its data were read."""
    from tfgen.data.reading_json import read_reading

    def read(path, seed):
        try:
            values = json.loads((path / seed.name).read_bytes())
        except ValueError as error:  # a model's loader says so
            raise Refused(str(error)) from None
        reading = read_reading(values)
        x = np.zeros((2, *reading.shape))
        if math.prod(reading.shape) < 10**6:
            assert reading.to_data_units(x).shape == x.shape

    (folder / "table.csv").write_text(CSV)
    sources = [tfgen.data.load(folder / "table.csv"), tfgen.data.load("digits")]
    contents = [json.dumps(s.reading.to_json()).encode() for s in sources]
    return Reader(
        [Seed("reading.json", c, change_json) for c in contents], read
    )


@contextlib.contextmanager
def requests_of(kind: str, folder: pathlib.Path) -> Iterator[Reader]:
    """Requests to a development server, which answers or refuses by a code."""
    from tfgen.export.development_server import DevelopmentServer

    base = folder / "doubler"
    model = Doubler()
    tf.saved_model.save(
        model, str(base / "1"), signatures={"serving_default": model.double}
    )
    with DevelopmentServer(base, rest_port=0, grpc_port=0) as server:
        made = {"REST": rest_requests, "gRPC": grpc_requests}
        yield made[kind](server)


class Doubler(tf.Module):
    """Twice a number, and a text as it is."""

    @tf.function(
        input_signature=[
            tf.TensorSpec((None, 2), "float32", "x"),
            tf.TensorSpec((None,), "string", "text_bytes"),
        ]
    )
    def double(self, x, text_bytes):
        return {"twice": 2.0 * x, "same_bytes": text_bytes}


def rest_requests(server) -> Reader:
    """Refused is status 400 or 404, in words."""

    def read(folder, seed):
        connection = http.client.HTTPConnection(
            "127.0.0.1", server.rest_port, timeout=20
        )
        with contextlib.closing(connection):
            body = (folder / seed.name).read_bytes()
            connection.request("POST", "/v1/models/doubler:predict", body)
            response = connection.getresponse()
            answer = json.loads(response.read())
        if response.status in (400, 404):
            refuse(answer["error"])
        assert response.status == 200, answer
        asked = json.loads(body)
        if "instances" in asked:
            assert len(answer["predictions"]) == len(asked["instances"])
        else:
            assert set(answer["outputs"]) == {"twice", "same_bytes"}

    row = {"x": [0.5, -2], "text_bytes": {"b64": "YWI="}}
    columns = {name: [value] * 2 for name, value in row.items()}
    bodies = [
        {"signature_name": "serving_default", "instances": [row, row]},
        {"inputs": columns},
    ]
    seeds = []
    for body in bodies:
        content = json.dumps(body).encode()
        seeds += [Seed("body", content, change_json), Seed("body", content)]
    return Reader(seeds, read)


def grpc_requests(server) -> Reader:
    """Refused is a code of the request's own faults, in words."""
    import grpc

    from tfgen.export.messages import message_class
    from tfgen.export.tensor_conversion import read_tensor, write_tensor

    channel = grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}")
    predict = channel.unary_unary(
        "/tensorflow.serving.PredictionService/Predict"
    )

    def tensors(named):
        return {name: read_tensor(name, t) for name, t in named.items()}

    own = {"INVALID_ARGUMENT", "NOT_FOUND", "FAILED_PRECONDITION"}

    def read(folder, seed):
        asked = (folder / seed.name).read_bytes()
        try:
            answer = predict(asked, timeout=20)
        except grpc.RpcError as error:
            assert error.code().name in own, error
            refuse(error.details())
        given = tensors(
            message_class("PredictRequest").FromString(asked).inputs
        )
        made = message_class("PredictResponse").FromString(answer)
        made = tensors(made.outputs)
        # Numbers and texts of other rows each are none of a server's faults.
        for name, wanted in (
            ("twice", 2 * given["x"]),
            ("same_bytes", given["text_bytes"]),
        ):
            if name in made:
                np.testing.assert_array_equal(made[name], wanted)
        assert made

    request = message_class("PredictRequest")()
    request.model_spec.name = "doubler"
    texts = np.array([b"ab", b"c"], object)
    for name, array in (
        ("x", np.ones((2, 2), "float32")),
        ("text_bytes", texts),
    ):
        request.inputs[name].CopyFrom(write_tensor(array))
    return Reader(
        [Seed("request", request.SerializeToString(deterministic=True))], read
    )


def refuse(words: str) -> None:
    raise Refused(words)


@contextlib.contextmanager
def make_reader(folder: pathlib.Path, name: str) -> Iterator[Reader]:
    """A reader by name; `folder` holds what it is made of."""
    png, jpg = encoded("PNG"), encoded("JPEG")
    beside = {"a.png": png, "b.jpg": jpg}
    made = {
        "CSV": lambda: Reader(table_files(), of_file),
        "Parquet": lambda: Reader(parquet_files(), of_file),
        "NumPy": lambda: Reader(numpy_files(), of_file),
        "images": lambda: Reader(image_files(), of_folder, beside),
        "TFRecord": lambda: Reader(record_files(folder), of_file),
        "pack": lambda: pack_files(folder),
        "checkpoint": lambda: checkpoint_files(folder),
        "settings": settings_files,
        "schema": lambda: schema_files(folder),
        "reading": lambda: readings(folder),
    }
    if name in ("REST", "gRPC"):
        with requests_of(name, folder) as reader:
            yield reader
    else:
        yield made[name]()
