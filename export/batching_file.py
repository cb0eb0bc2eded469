"""`batching_params.pbtxt`: how a server makes batches of a version's rows."""

from pathlib import Path

_TEXT = """\
# Read with --enable_batching --enable_per_model_batching_parameters.
# Rows in a batch at most; a request of more is refused.
max_batch_size { value: 128 }
# How long a request waits for others to join it.
batch_timeout_micros { value: 1000 }
# Batches that wait for a thread at most; requests beyond are refused.
max_enqueued_batches { value: 100 }
"""


def write_batching_file(path: str | Path) -> None:
    """Write parameters that suit small models on a processor.

    How many batches run at a time is left to the server: it has one pool of
    threads for all models.

    Reference:
        session_bundle_config.proto of TensorFlow Serving
    """
    Path(path).write_text(_TEXT)
