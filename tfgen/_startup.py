"""Imported before anything else: loads TensorFlow without its chatter."""

from tfgen import _quiet

_quiet.import_tensorflow()
