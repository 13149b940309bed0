"""The parts of the cold start benchmark."""
