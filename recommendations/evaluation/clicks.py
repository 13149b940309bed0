"""How many clicks a list can expect: the position-based model, fitted to what was shown and clicked.

P(click on product d at place k) = examination(k) x rate(d), from M. Richardson, E. Dominowska and
R. Ragno, "Predicting clicks", WWW 2007, and N. Craswell et al., "An experimental comparison of click
position-bias models", WSDM 2008: a shopper looks at a place with a chance that depends on the place
alone, and clicks a product that was looked at with a chance that depends on the product alone.

Limits. The rate of a product is that among shoppers it was chosen for: a product that a rule shows to
everybody will be clicked less than this says. Products never shown get the shop's mean. Other products
of the list change nothing. All placements share one curve.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import isotonic_regression

PLACES = 100  # of a list
ENOUGH_FOR_CURVE = 500  # clicks: fewer, and the usual curve is nearer to the truth than a fitted one
ENOUGH = 100  # clicks: fewer, and nothing is said at all
ROUNDS = 50
DRAWS = 400


@dataclass(frozen=True, slots=True)
class Shown:
    """Counts per (product, place): int32 products and places (0 = first), int64 shows and clicks."""

    products: np.ndarray
    places: np.ndarray
    shows: np.ndarray
    clicks: np.ndarray

    @property
    def total(self) -> int:
        return int(self.clicks.sum())


@dataclass(frozen=True, slots=True)
class Model:
    """examination float64[PLACES], 1 at the first place; rates as Gamma posteriors per product.

    shape, scale   of each product's rate; `unseen` of a product that was never shown
    is_own         the curve is fitted to this shop's clicks; else the usual one
    """

    examination: np.ndarray
    shape: np.ndarray
    scale: np.ndarray
    unseen: tuple[float, float]
    is_own: bool
    clicks: int


@dataclass(frozen=True, slots=True)
class Expected:
    """Clicks expected of the lists before and after, and the 95 % interval of the difference."""

    before: float
    after: float
    low: float
    high: float

    @property
    def change(self) -> float:
        return self.after - self.before

    @property
    def is_sure(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.low > 0 or self.high < 0


def usual() -> np.ndarray:
    """1/log2(1 + place): the discount of K. Järvelin and J. Kekäläinen, "Cumulated gain-based evaluation of IR
    techniques", ACM TOIS 20(4), 2002."""
    return 1 / np.log2(np.arange(2, PLACES + 2))


def fit(shown: Shown, *, products: int) -> Model:
    """The curve and the rates of `products` products."""
    is_own = shown.total >= ENOUGH_FOR_CURVE
    examination = fit_curve(shown, products=products) if is_own else usual()
    exposure = np.bincount(shown.products, shown.shows * examination[shown.places], minlength=products)
    clicks = np.bincount(shown.products, shown.clicks, minlength=products)
    a, b = prior(clicks, exposure)
    return Model(examination, clicks + a, 1 / (exposure + b), (a, 1 / b), is_own, shown.total)


def fit_curve(shown: Shown, *, products: int) -> np.ndarray:
    """Examination by place: expectation-maximisation of the position-based model, made to fall.

    E: the chance that a product without a click was looked at, or would have been clicked; M: the means
    of these over places and products (A. Chuklin, I. Markov and M. de Rijke, "Click models for web
    search", 2015, 4.2). Places shown less than 30 times go on like the usual curve.
    """
    looked, rates = usual().copy(), np.full(products, shown.total / max(shown.shows.sum(), 1))
    at_place = np.bincount(shown.places, shown.shows, minlength=PLACES)
    of_product = np.bincount(shown.products, shown.shows, minlength=products)
    missed = shown.shows - shown.clicks
    for _ in range(ROUNDS):
        look, rate = looked[shown.places], rates[shown.products]
        neither = np.maximum(1 - look * rate, 1e-12)
        seen = shown.clicks + missed * look * (1 - rate) / neither
        liked = shown.clicks + missed * (1 - look) * rate / neither
        looked = np.bincount(shown.places, seen, minlength=PLACES) / np.maximum(at_place, 1)
        rates = (np.bincount(shown.products, liked, minlength=products) + rates.mean()) / (of_product + 1)
        looked = np.clip(looked, 1e-6, 1)
    known = int(np.argmax(at_place < 30)) or PLACES
    falling = isotonic_regression(looked[:known], weights=at_place[:known], increasing=False).x
    whole = usual() / usual()[known - 1] * falling[-1]
    whole[:known] = falling
    return whole / whole[0]


def prior(clicks: np.ndarray, exposure: np.ndarray) -> tuple[float, float]:
    """Shape and rate of the Gamma that products' rates are drawn from, by moments.

    R. J. Marshall, "Mapping disease and mortality rates using empirical Bayes estimators", Applied
    Statistics 40(2), 1991. Products that do not differ more than chance share one rate.
    """
    seen = exposure > 0
    total = float(exposure[seen].sum())
    if not total or not clicks.sum():
        return 1.0, 1.0
    mean = float(clicks[seen].sum()) / total
    rates = clicks[seen] / exposure[seen]
    between = float((exposure[seen] * (rates - mean) ** 2).sum()) / total - mean / (total / seen.sum())
    between = max(between, mean**2 / 100)  # at least a tenth of the mean, so that no rate is taken as certain
    return mean**2 / between, mean / between


def expect(
    model: Model, before: Sequence[Sequence[int]], after: Sequence[Sequence[int]], *, seed: int = 0
) -> Expected:
    """Clicks of lists of product numbers (-1 = a product that was never shown), one pair per request.

    The interval draws the rates from what is known of them and the requests from those given, both with
    replacement: it says how far chance reaches, not how far the model is from the truth.
    """
    chance = np.random.default_rng(seed)
    size = len(model.shape)
    first, second = _padded(before, size), _padded(after, size)
    shape = np.append(model.shape, (model.unseen[0], 0.0))
    scale = np.append(model.scale, (model.unseen[1], 0.0))
    mean = shape * scale
    totals = [float((mean[lists] * model.examination[: lists.shape[1]]).sum()) for lists in (first, second)]
    used = np.unique(np.concatenate((first.ravel(), second.ravel())))
    number = np.zeros(size + 2, np.int64)
    number[used] = np.arange(len(used))
    differences = np.empty(DRAWS)
    for draw in range(DRAWS):
        rates = chance.gamma(np.maximum(shape[used], 1e-12)) * scale[used]
        gain = (rates[number[second]] * model.examination[: second.shape[1]]).sum(1)
        loss = (rates[number[first]] * model.examination[: first.shape[1]]).sum(1)
        counts = np.bincount(chance.integers(len(first), size=len(first)), minlength=len(first))
        differences[draw] = ((gain - loss) * counts).sum()
    low, high = np.quantile(differences, (0.025, 0.975))
    return Expected(totals[0], totals[1], float(low), float(high))


def _padded(lists: Sequence[Sequence[int]], size: int) -> np.ndarray:
    """int64[requests, places]: unknown products stand at `size`, places left empty at `size + 1`."""
    width = min(max(map(len, lists), default=1) or 1, PLACES)
    whole = np.full((len(lists), width), size + 1, np.int64)
    for row, items in enumerate(lists):
        numbers = np.asarray(items[:width], np.int64)
        whole[row, : len(numbers)] = np.where(numbers < 0, size, numbers)
    return whole
