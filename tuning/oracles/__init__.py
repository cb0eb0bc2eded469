"""Which trial comes next: KerasTuner's oracles, made durable."""
