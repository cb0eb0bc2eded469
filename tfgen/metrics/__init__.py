"""How well generated examples match data, each metric in one file.

scikit-learn is imported when the first result is asked for, not before.
"""

from tfgen.metrics.coverage import Coverage as Coverage
from tfgen.metrics.density import Density as Density
from tfgen.metrics.distribution_metric import (
    DistributionMetric as DistributionMetric,
)
