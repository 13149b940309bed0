"""Spread: how much more a stream varies than pure chance would, bucket by bucket and hour by hour."""

from collections.abc import Iterator

BUCKET_START, HOUR_START = 0.1, 0.02  # believed before anything is seen
BUCKET_PRIOR, HOUR_PRIOR = 30.0, 10.0  # points that this belief is worth
MEMORY_DAYS = 14.0
FLOOR, MOST = 0.0005, 2.0
KEPT = ("bucket", "bucket_weight", "hour", "hour_weight", "in_hour", "hour_count", "hour_mean", "hour_square")


class Spread:
    """Estimates of the two variances by moments, each point weighted by how much it can tell.

    `bucket` is the squared relative spread of single buckets, `hour` that of whole hours, which a window
    cannot average out.
    """

    __slots__ = (
        "bucket", "bucket_keeps", "bucket_weight", "buckets_in_hour", "hour", "hour_count", "hour_keeps", "hour_mean",
        "hour_square", "hour_weight", "in_hour",
    )  # fmt: skip

    def __init__(self, seconds: float) -> None:
        self.bucket, self.bucket_weight = BUCKET_START, BUCKET_PRIOR
        self.hour, self.hour_weight = HOUR_START, HOUR_PRIOR
        self.bucket_keeps = 1.0 - min(1.0, seconds / 86400.0 / MEMORY_DAYS)
        self.hour_keeps = 1.0 - min(1.0, max(seconds, 3600.0) / 86400.0 / MEMORY_DAYS)
        self.buckets_in_hour = max(1, round(3600.0 / seconds))
        self.in_hour, self.hour_count, self.hour_mean, self.hour_square = 0, 0.0, 0.0, 0.0

    def learn(self, count: float, mean: float) -> None:
        off, noise = count - mean, min(self.bucket, MOST) + 0.02
        share = noise * mean / (1.0 + noise * mean)
        weight = share * share
        self.bucket_weight = self.bucket_weight * self.bucket_keeps + weight
        self.bucket += (max(-0.5, (off * off - mean) / (mean * mean)) - self.bucket) * weight / self.bucket_weight
        self.bucket = min(MOST, max(FLOOR, self.bucket))
        self.hour_count += count
        self.hour_mean += mean
        self.hour_square += mean * mean
        self.in_hour += 1
        if self.in_hour >= self.buckets_in_hour:
            self.learn_hour()

    def learn_hour(self) -> None:
        mean, off = self.hour_mean, self.hour_count - self.hour_mean
        chance = mean + self.bucket * self.hour_square
        noise = (self.hour + 0.005) * mean * mean
        share = noise / (chance + noise)
        weight = share * share
        self.hour_weight = self.hour_weight * self.hour_keeps + weight
        found = max(-0.5, (off * off - chance) / (mean * mean))
        self.hour = max(FLOOR, self.hour + (found - self.hour) * weight / self.hour_weight)
        self.in_hour, self.hour_count, self.hour_mean, self.hour_square = 0, 0.0, 0.0, 0.0

    def numbers(self) -> list[float]:
        return [getattr(self, name) for name in KEPT]

    def restore(self, numbers: Iterator[float]) -> None:
        for name in KEPT:
            setattr(self, name, next(numbers))
