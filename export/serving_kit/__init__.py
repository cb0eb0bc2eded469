"""Everything to run an exported model on TensorFlow Serving, as files."""

from tfgen.export.serving_kit.kit_writer import (
    write_serving_kit as write_serving_kit,
)
