"""What `precision="auto"` means, by what a machine can do."""

import warnings

import pytest
import tensorflow as tf

import tfgen
from tfgen.training import precision
from tfgen.training.precision import chosen_precision, computes_bfloat16

IMAGE, TABLE = (8, 8, 1), (30,)
FLAGS = "fpu avx512f avx512_bf16 sse"


@pytest.fixture
def machine(monkeypatch):
    """Sets what the processor and GPUs of this machine can do."""

    def be(flags="", gpus=(), onednn=None):
        monkeypatch.setattr(
            precision, "_processor_flags", lambda: set(flags.split())
        )
        monkeypatch.setattr(
            tf.config, "list_physical_devices", lambda kind: list(gpus)
        )
        monkeypatch.setattr(
            tf.config.experimental,
            "get_device_details",
            lambda gpu: {"compute_capability": gpu} if gpu else {},
        )
        monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
        if onednn is not None:
            monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", onednn)

    return be


@pytest.mark.parametrize(
    ("of", "native"),
    [
        ({"flags": FLAGS}, True),
        ({"flags": "avx2 amx_bf16"}, True),
        ({"flags": "fpu avx512f avx512_vnni"}, False),
        ({}, False),  # where Linux says nothing
        ({"flags": FLAGS, "onednn": "0"}, False),
        ({"flags": FLAGS, "onednn": "1"}, True),
        # Of a machine with GPUs, these compute.
        ({"flags": FLAGS, "gpus": [(7, 5)]}, False),
        ({"gpus": [(8, 0), (9, 0)]}, True),
        ({"gpus": [(9, 0), (7, 0)]}, False),
        ({"gpus": [None]}, False),  # of which nothing is known
    ],
)
def test_what_a_machine_multiplies(machine, of, native):
    machine(**of)
    assert computes_bfloat16() is native
    with pytest.warns(tfgen.data.DataNote, match="native to this machine"):
        chosen = chosen_precision("auto", IMAGE)
    assert chosen == ("mixed_bfloat16" if native else "float32")


def test_tables_stay_in_float32(machine):
    machine(FLAGS)
    with pytest.warns(tfgen.data.DataNote, match="^precision float32, as the"):
        assert chosen_precision("auto", TABLE) == "float32"


def test_what_is_named_is_taken_in_silence(machine):
    machine(FLAGS)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert chosen_precision("float32", IMAGE) == "float32"
        assert chosen_precision("mixed_bfloat16", TABLE) == "mixed_bfloat16"


@pytest.mark.parametrize(
    ("flags", "dtype"), [(FLAGS, "bfloat16"), ("", "float32")]
)
def test_build(machine, flags, dtype):
    machine(flags)
    with pytest.warns(tfgen.data.DataNote, match="precision"):
        model = tfgen.build("vae", input_shape=IMAGE, precision="auto")
    dense = [x for x in model.encoder.layers if x.weights]
    assert dense[0].compute_dtype == dtype
