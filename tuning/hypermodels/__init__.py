"""tfgen's models as KerasTuner's hypermodels."""
