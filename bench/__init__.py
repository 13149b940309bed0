"""Measurements as ratios against a named limit, interleaved in one run."""
