"""The public names: adding or losing one is a decision."""

import importlib
import importlib.metadata
import types

import pytest

import tfgen

NAMES = {
    "tfgen": ["GAN", "GenerativeModel", "VAE", "VAEGAN", "build"],
    "tfgen.models": [
        "Endpoint",
        "GAN",
        "GenerativeModel",
        "VAE",
        "VAEGAN",
        "build",
    ],
    "tfgen.losses": [
        "ADVERSARIAL_LOSSES",
        "AdversarialLoss",
        "Critique",
        "DiscriminatorOutputs",
        "DRAGAN",
        "GradientPenalty",
        "Hinge",
        "LeCam",
        "LeastSquares",
        "Minimax",
        "NonSaturating",
        "PENALTIES",
        "Penalty",
        "R1",
        "R2",
        "Relativistic",
        "Wasserstein",
        "get_adversarial_loss",
        "get_penalty",
    ],
    "tfgen.augmentations": [
        "AUGMENTATIONS",
        "AdaptiveAugment",
        "Augmentation",
        "DiffAugment",
        "get_augmentation",
    ],
    "tfgen.layers": [
        "BatchNormalization",
        "ConditionalBatchNormalization",
        "ConditionalGroupNormalization",
        "Dropout",
        "MinibatchStddev",
        "SpectralConv2D",
        "SpectralConv2DTranspose",
        "SpectralDense",
    ],
    "tfgen.networks": [
        "NETWORKS",
        "build_decoder",
        "build_encoder",
        "divide_options",
        "known_options",
        "recommended_network",
    ],
    "tfgen.callbacks": [
        "BestModel",
        "Checkpoint",
        "Evaluation",
        "GANHealth",
        "HistoryFile",
        "LossPlot",
        "SampleAnimation",
        "SampleImages",
        "TensorBoard",
        "TrainingWarning",
        "read_history",
    ],
    "tfgen.metrics": [
        "ActiveUnits",
        "Authenticity",
        "BitsPerDimension",
        "ColumnStatistics",
        "CopyingTest",
        "Coverage",
        "DCI",
        "Density",
        "DetectionScore",
        "DistributionMetric",
        "FeatureExtractor",
        "FrechetDistance",
        "ImportanceWeightedBound",
        "InceptionScore",
        "KLDecomposition",
        "KernelDistance",
        "Measurement",
        "ModeCoverage",
        "MutualInformationGap",
        "PairStatistics",
        "Precision",
        "Recall",
        "SeparatedAttributePredictability",
        "TrainOnSynthetic",
        "TrainingExcess",
        "active_units",
        "authenticity",
        "binarized",
        "bits_per_dimension",
        "compare_columns",
        "compare_pairs",
        "copying_test",
        "dci",
        "detection_score",
        "fit_extractor",
        "importance_weighted_bound",
        "inception_extractor",
        "kl_decomposition",
        "mixture_modes",
        "mutual_information_gap",
        "nats_to_bits_per_dimension",
        "separated_attribute_predictability",
        "stacked_modes",
        "train_on_synthetic",
        "training_excess",
    ],
    "tfgen.evaluation": [
        "Evaluation",
        "Section",
        "Subject",
        "evaluate",
        "write_html",
        "write_json",
    ],
    "tfgen.optimizers": ["OptimizerGroup"],
    "tfgen.probability": [
        "Bernoulli",
        "ContinuousBernoulli",
        "DiscretizedLogistic",
        "Gaussian",
        "LIKELIHOODS",
        "Likelihood",
        "diagonal_gaussian",
        "get",
        "independent_normal",
        "kl_divergence",
        "mixture_log_prob",
        "standard_normal",
    ],
    "tfgen.training": [
        "GlobalBatch",
        "get_strategy",
        "manifest",
        "precision_policy",
    ],
    "tfgen.data": [
        "Batches",
        "KnownDataSet",
        "Source",
        "check_examples",
        "check_labels",
        "from_arrays",
        "known",
        "load",
        "names",
        "write_tfrecords",
    ],
    "tfgen.export": [
        "Report",
        "SavedModelSession",
        "SchedulerReport",
        "SignatureReport",
        "VerificationError",
        "export_saved_model",
        "verify",
        "write_serving_kit",
    ],
    "tfgen.tuning": [
        "GANHyperModel",
        "HYPERMODELS",
        "Search",
        "SearchSpace",
        "TrialFailed",
        "TrialRecord",
        "VAEGANHyperModel",
        "VAEHyperModel",
    ],
}


@pytest.mark.parametrize("name", NAMES)
def test_names(name):
    module = importlib.import_module(name)
    public = [
        key
        for key, value in vars(module).items()
        if not key.startswith("_")
        if not isinstance(value, types.ModuleType)
    ]
    assert sorted(public) == sorted(NAMES[name])


def test_version():
    assert tfgen.__version__ == importlib.metadata.version("tfgen")
