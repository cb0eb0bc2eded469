"""A training run: its settings, data and folder, and the training itself.

`tfgen train` makes a run, and so does each trial of a search.
"""
