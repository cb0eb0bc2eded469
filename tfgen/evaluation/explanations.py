"""What each number is called and means, for readers of a report."""

EXPLANATIONS = {
    "frechet_distance": (
        "Frechet distance",
        "between Gaussians fitted to the features of data and samples",
    ),
    "kernel_distance": (
        "Kernel distance",
        "squared maximum mean discrepancy; unbiased, so about 0 for real data",
    ),
    "precision": (
        "Precision",
        "share of the samples that lie among the data",
    ),
    "recall": ("Recall", "share of the data that lie among the samples"),
    "density": (
        "Density",
        "how densely the data lie around the samples; about 1 for real data",
    ),
    "coverage": (
        "Coverage",
        "share of the data that samples come near to",
    ),
    "inception_score": (
        "Inception score",
        "how sure the classifier is, and how many classes it sees",
    ),
    "modes_found": ("Modes found", "with at least one sample"),
    "good_samples": (
        "Samples within 3 standard deviations",
        "of the centre of a mode",
    ),
    "mode_divergence": (
        "Divergence of the modes' shares",
        "from equal ones; 0 where all come equally often",
    ),
    "negative_elbo": (
        "Negative ELBO",
        "upper bound of the negative log-likelihood, one draw an example; "
        "compares among likelihoods of the same kind",
    ),
    "negative_log_likelihood": (
        "Negative log-likelihood",
        "a closer upper bound, by importance weights",
    ),
    "bits_per_dimension": (
        "Bits per dimension",
        "upper bound of the bits that a value of 8 bits takes",
    ),
    "kl": ("KL term", "what the code of an example costs"),
    "mutual_information": (
        "Mutual information",
        "what the latents tell of the example, part of the KL term",
    ),
    "aggregate_kl": (
        "Aggregate KL",
        "distance of all codes together from the prior, the rest of it",
    ),
    "total_correlation": (
        "Total correlation",
        "dependence between latents, part of the aggregate KL",
    ),
    "dimension_wise_kl": (
        "Dimension-wise KL",
        "distance of single latents from the prior, the rest of that",
    ),
    "active_units": (
        "Active units",
        "latents whose mean varies with the example",
    ),
    "column_score": (
        "Column score",
        "1 less the distance of each column's distribution, their mean",
    ),
    "correlation_difference": (
        "Difference of correlations",
        "between pairs of columns, mean of the absolute values",
    ),
    "detection_score": (
        "Detection score",
        "area under the curve of a classifier that tells rows apart; 0.5 is "
        "best",
    ),
    "train_on_synthetic": (
        "Train on synthetic, test on real",
        "score of a forest trained on generated rows",
    ),
    "mutual_information_gap": (
        "Mutual information gap",
        "how far one latent alone tells each factor",
    ),
    "separated_attribute_predictability": (
        "Separated attribute predictability",
        "how much better one latent predicts each factor than the next",
    ),
    "dci_disentanglement": (
        "Disentanglement (DCI)",
        "1 if each latent matters to one factor only",
    ),
    "dci_completeness": (
        "Completeness (DCI)",
        "1 if one latent only matters to each factor",
    ),
    "dci_informativeness": (
        "Informativeness (DCI)",
        "how well the latents tell the factors",
    ),
    "copying_test": (
        "Copying test C_T",
        "far below 0: samples lie nearer to the training data than unseen "
        "data do",
    ),
    "authenticity": (
        "Authenticity",
        "share of the samples that stand apart from the training data",
    ),
    "training_excess": (
        "Lean towards the training data",
        "0 if the real example nearest to a sample is training or test data "
        "by chance, 1 for copies; smooth samples do not raise it",
    ),
}


def title(name: str) -> str:
    """The name of a metric in words."""
    return EXPLANATIONS.get(name, (name.replace("_", " "), ""))[0]


def explanation(name: str) -> str:
    """What a metric means, in a line."""
    return EXPLANATIONS.get(name, ("", ""))[1]
