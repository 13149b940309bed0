"""The engines that say how unlikely a value is: mathematics, without Django."""
