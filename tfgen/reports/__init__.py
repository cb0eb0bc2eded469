"""Pages, numbers and JSON of evaluation and of hyperparameter search."""
