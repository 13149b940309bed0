"""Windows: what was counted and what was expected in the last buckets, as running sums."""

from array import array
from collections.abc import Iterator

RING = 144
LENGTHS = (1, 2, 3, 4, 6, 9, 12, 24, 36, 144)  # buckets


class Windows:
    """A ring of the last 144 buckets (count, expectation) and their sums over the last 1 to 144 of them."""

    __slots__ = ("at", "count", "counts", "expectation", "expectations", "filled")

    def __init__(self) -> None:
        self.count, self.expectation = array("d", bytes(8 * RING)), array("d", bytes(8 * RING))
        self.at = self.filled = 0
        self.counts, self.expectations = [0.0] * len(LENGTHS), [0.0] * len(LENGTHS)

    def push(self, count: float, expectation: float) -> None:
        at, ring, expected = self.at, self.count, self.expectation
        counts, expectations = self.counts, self.expectations
        for index, length in enumerate(LENGTHS):
            leaves = at - length  # a negative index counts from the end of the ring
            counts[index] += count - ring[leaves]
            expectations[index] += expectation - expected[leaves]
        ring[at], expected[at] = count, expectation
        self.filled = min(RING, self.filled + 1)
        self.at = at + 1 if at + 1 < RING else 0
        if self.at == 0:
            self.add_up()  # so that rounding does not gather

    def forget(self, buckets: int) -> None:
        """Takes the last buckets for what was expected: their evidence is spent."""
        for back in range(1, min(buckets, self.filled) + 1):
            self.count[self.at - back] = self.expectation[self.at - back]
        self.add_up()

    def add_up(self) -> None:
        for index, length in enumerate(LENGTHS):
            places = range(self.at - length, self.at)
            self.counts[index] = sum(self.count[place] for place in places)
            self.expectations[index] = sum(self.expectation[place] for place in places)

    def numbers(self) -> list[float]:
        return [self.at, self.filled, *self.count, *self.expectation]

    def restore(self, numbers: Iterator[float]) -> None:
        self.at, self.filled = int(next(numbers)), int(next(numbers))
        for values in (self.count, self.expectation):
            for place in range(RING):
                values[place] = next(numbers)
        self.add_up()
