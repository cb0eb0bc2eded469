"""Whole set-ups by name, one small file each."""

from tfgen.presets.named import get as get
from tfgen.presets.named import names as names
from tfgen.presets.preset import Preset as Preset
