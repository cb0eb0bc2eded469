"""What a setting is: one table, read by commands, models and searches.

Nothing here imports TensorFlow, so that `tfgen train --help` does not wait.
"""

from tfgen.settings.parameters import Choice as Choice
from tfgen.settings.parameters import Condition as Condition
from tfgen.settings.parameters import Fixed as Fixed
from tfgen.settings.parameters import Range as Range
from tfgen.settings.setting import Setting as Setting
from tfgen.settings.settings import Settings as Settings
