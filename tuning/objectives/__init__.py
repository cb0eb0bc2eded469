"""What a search looks for, and how it is measured."""

from tfgen.tuning.objectives.measures import MEASURES as MEASURES
from tfgen.tuning.objectives.measures import Measure as Measure
from tfgen.tuning.objectives.measuring import Extractor as Extractor
from tfgen.tuning.objectives.measuring import Measuring as Measuring
from tfgen.tuning.objectives.measuring import every as every
from tfgen.tuning.objectives.measuring import load_extractor as load_extractor
from tfgen.tuning.objectives.objective import Objective as Objective
from tfgen.tuning.objectives.objective import (
    check_comparable as check_comparable,
)
from tfgen.tuning.objectives.objective import chosen as chosen
from tfgen.tuning.objectives.objective import (
    parse_objective as parse_objective,
)
