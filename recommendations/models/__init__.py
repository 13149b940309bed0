"""Rows about a shop's catalogue, customers, orders, events, imports and training.

Files may import in this order only: catalogue, customer, order, event, importing, training, attribution, rollup.
"""

from recommendations.models.attribution import Attribution
from recommendations.models.catalogue import Product
from recommendations.models.customer import Customer
from recommendations.models.event import Event, EventBatch
from recommendations.models.importing import ImportMapping, ImportPiece, ImportRun
from recommendations.models.order import Order, OrderLine
from recommendations.models.rollup import RollUp
from recommendations.models.training import TrainingRun

__all__ = [
    "Attribution",
    "Customer",
    "Event",
    "EventBatch",
    "ImportMapping",
    "ImportPiece",
    "ImportRun",
    "Order",
    "OrderLine",
    "Product",
    "RollUp",
    "TrainingRun",
]
