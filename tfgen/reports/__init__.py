"""What the reports of evaluation and of hyperparameter search share."""
