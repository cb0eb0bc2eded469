"""Sources of examples, checks, and the resumable pipeline.

The command `tfgen` reads files before it loads TensorFlow, so that what is
wrong with them is said at once.
"""

import importlib

from tfgen import _quiet
from tfgen.data.arrays import from_arrays as from_arrays
from tfgen.data.catalog import KnownDataSet as KnownDataSet
from tfgen.data.catalog import known as known
from tfgen.data.catalog import names as names
from tfgen.data.checks import check_examples as check_examples
from tfgen.data.checks import check_labels as check_labels
from tfgen.data.columns import Column as Column
from tfgen.data.loader import load as load
from tfgen.data.notes import DataNote as DataNote
from tfgen.data.orientations import (
    orientation_histograms as orientation_histograms,
)
from tfgen.data.rules import Rule as Rule
from tfgen.data.schema import Schema as Schema
from tfgen.data.source import Source as Source

_WITH_TENSORFLOW = {
    "Batches": "tfgen.data.batches",
    "pack": "tfgen.data.packing",
    "write_tfrecords": "tfgen.data.tfrecords",
}


def __getattr__(name):
    if name in _WITH_TENSORFLOW:
        return getattr(importlib.import_module(_WITH_TENSORFLOW[name]), name)
    raise AttributeError(f"module 'tfgen.data' has no attribute {name!r}")


if not _quiet.is_the_command():
    from tfgen.data.batches import Batches as Batches
    from tfgen.data.packing import pack as pack
    from tfgen.data.tfrecords import write_tfrecords as write_tfrecords
