"""What a search looks for, and how it is measured."""

from tfgen.tuning.objectives.measures import MEASURES as MEASURES
from tfgen.tuning.objectives.objective import Objective as Objective
from tfgen.tuning.objectives.objective import (
    parse_objective as parse_objective,
)
