"""What a setting is: one table, read by commands, models and searches.

Nothing here imports TensorFlow, so that `tfgen train --help` does not wait.
"""
