"""How good a model is, by its samples, its likelihood and its latents.

Metrics of distributions (`DistributionMetric`) compare features of generated
examples with those of data, which a `FeatureExtractor` makes; functions look at
a model, at latents, or at tables. scikit-learn and SciPy are imported when a
result is asked for, not before.
"""

from tfgen.metrics.bits_per_dimension import (
    BitsPerDimension as BitsPerDimension,
)
from tfgen.metrics.bits_per_dimension import binarized as binarized
from tfgen.metrics.bits_per_dimension import (
    bits_per_dimension as bits_per_dimension,
)
from tfgen.metrics.bits_per_dimension import (
    nats_to_bits_per_dimension as nats_to_bits_per_dimension,
)
from tfgen.metrics.copying import Authenticity as Authenticity
from tfgen.metrics.copying import CopyingTest as CopyingTest
from tfgen.metrics.copying import authenticity as authenticity
from tfgen.metrics.copying import copying_test as copying_test
from tfgen.metrics.detection_score import DetectionScore as DetectionScore
from tfgen.metrics.detection_score import detection_score as detection_score
from tfgen.metrics.disentanglement import DCI as DCI
from tfgen.metrics.disentanglement import (
    MutualInformationGap as MutualInformationGap,
)
from tfgen.metrics.disentanglement import (
    SeparatedAttributePredictability as SeparatedAttributePredictability,
)
from tfgen.metrics.disentanglement import dci as dci
from tfgen.metrics.disentanglement import (
    mutual_information_gap as mutual_information_gap,
)
from tfgen.metrics.disentanglement import (
    separated_attribute_predictability as separated_attribute_predictability,
)
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
from tfgen.metrics.latent_use import ActiveUnits as ActiveUnits
from tfgen.metrics.latent_use import KLDecomposition as KLDecomposition
from tfgen.metrics.latent_use import active_units as active_units
from tfgen.metrics.latent_use import kl_decomposition as kl_decomposition
from tfgen.metrics.measurement import Measurement as Measurement
from tfgen.metrics.mode_coverage import ModeCoverage as ModeCoverage
from tfgen.metrics.mode_coverage import mixture_modes as mixture_modes
from tfgen.metrics.mode_coverage import stacked_modes as stacked_modes
from tfgen.metrics.neighbors import Coverage as Coverage
from tfgen.metrics.neighbors import Density as Density
from tfgen.metrics.neighbors import Precision as Precision
from tfgen.metrics.neighbors import Recall as Recall
from tfgen.metrics.table_statistics import ColumnStatistics as ColumnStatistics
from tfgen.metrics.table_statistics import PairStatistics as PairStatistics
from tfgen.metrics.table_statistics import compare_columns as compare_columns
from tfgen.metrics.table_statistics import compare_pairs as compare_pairs
from tfgen.metrics.train_on_synthetic import (
    TrainOnSynthetic as TrainOnSynthetic,
)
from tfgen.metrics.train_on_synthetic import (
    train_on_synthetic as train_on_synthetic,
)
from tfgen.metrics.training_excess import TrainingExcess as TrainingExcess
from tfgen.metrics.training_excess import training_excess as training_excess
