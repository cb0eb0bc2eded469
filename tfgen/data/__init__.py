"""Sources of examples, checks, and the resumable pipeline."""

from tfgen.data.arrays import from_arrays as from_arrays
from tfgen.data.batches import Batches as Batches
from tfgen.data.catalog import KnownDataSet as KnownDataSet
from tfgen.data.catalog import known as known
from tfgen.data.catalog import names as names
from tfgen.data.checks import check_examples as check_examples
from tfgen.data.checks import check_labels as check_labels
from tfgen.data.columns import Column as Column
from tfgen.data.loader import load as load
from tfgen.data.notes import DataNote as DataNote
from tfgen.data.source import Source as Source
from tfgen.data.tfrecords import write_tfrecords as write_tfrecords
