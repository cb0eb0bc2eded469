"""How good a model is, each metric in one file.

Metrics of distributions (`DistributionMetric`) compare generated examples with
data; functions look at a model, at latents, or at tables. scikit-learn and
SciPy are imported when a result is asked for, not before.
"""

from tfgen.metrics.active_units import ActiveUnits as ActiveUnits
from tfgen.metrics.active_units import active_units as active_units
from tfgen.metrics.authenticity import Authenticity as Authenticity
from tfgen.metrics.authenticity import authenticity as authenticity
from tfgen.metrics.binarized import binarized as binarized
from tfgen.metrics.bits_per_dimension import (
    BitsPerDimension as BitsPerDimension,
)
from tfgen.metrics.bits_per_dimension import (
    bits_per_dimension as bits_per_dimension,
)
from tfgen.metrics.bits_per_dimension import (
    nats_to_bits_per_dimension as nats_to_bits_per_dimension,
)
from tfgen.metrics.column_statistics import ColumnStatistics as ColumnStatistics
from tfgen.metrics.column_statistics import compare_columns as compare_columns
from tfgen.metrics.copying import CopyingTest as CopyingTest
from tfgen.metrics.copying import copying_test as copying_test
from tfgen.metrics.coverage import Coverage as Coverage
from tfgen.metrics.dci import DCI as DCI
from tfgen.metrics.dci import dci as dci
from tfgen.metrics.density import Density as Density
from tfgen.metrics.detection_score import DetectionScore as DetectionScore
from tfgen.metrics.detection_score import detection_score as detection_score
from tfgen.metrics.distribution_metric import (
    DistributionMetric as DistributionMetric,
)
from tfgen.metrics.feature_extractor import FeatureExtractor as FeatureExtractor
from tfgen.metrics.fit_extractor import fit_extractor as fit_extractor
from tfgen.metrics.frechet_distance import FrechetDistance as FrechetDistance
from tfgen.metrics.importance_weighted_bound import (
    ImportanceWeightedBound as ImportanceWeightedBound,
)
from tfgen.metrics.importance_weighted_bound import (
    importance_weighted_bound as importance_weighted_bound,
)
from tfgen.metrics.inception import inception_extractor as inception_extractor
from tfgen.metrics.inception_score import InceptionScore as InceptionScore
from tfgen.metrics.kernel_distance import KernelDistance as KernelDistance
from tfgen.metrics.kl_decomposition import KLDecomposition as KLDecomposition
from tfgen.metrics.kl_decomposition import kl_decomposition as kl_decomposition
from tfgen.metrics.measurement import Measurement as Measurement
from tfgen.metrics.mode_coverage import ModeCoverage as ModeCoverage
from tfgen.metrics.mode_coverage import mixture_modes as mixture_modes
from tfgen.metrics.mode_coverage import stacked_modes as stacked_modes
from tfgen.metrics.mutual_information_gap import (
    MutualInformationGap as MutualInformationGap,
)
from tfgen.metrics.mutual_information_gap import (
    mutual_information_gap as mutual_information_gap,
)
from tfgen.metrics.pair_statistics import PairStatistics as PairStatistics
from tfgen.metrics.pair_statistics import compare_pairs as compare_pairs
from tfgen.metrics.precision import Precision as Precision
from tfgen.metrics.recall import Recall as Recall
from tfgen.metrics.separated_attribute_predictability import (
    SeparatedAttributePredictability as SeparatedAttributePredictability,
)
from tfgen.metrics.separated_attribute_predictability import (
    separated_attribute_predictability as separated_attribute_predictability,
)
from tfgen.metrics.train_on_synthetic import (
    TrainOnSynthetic as TrainOnSynthetic,
)
from tfgen.metrics.train_on_synthetic import (
    train_on_synthetic as train_on_synthetic,
)
from tfgen.metrics.training_excess import TrainingExcess as TrainingExcess
from tfgen.metrics.training_excess import training_excess as training_excess
