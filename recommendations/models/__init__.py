"""Rows about a shop's catalogue, customers, orders, events, imports, training and webhooks.

Files may import in this order only: catalogue, customer, order, event, importing, feed, exporting,
training, attribution, rollup, webhook, privacy, connection, finding, control, served, audience, batch,
batch_hold, batch_schedule.
"""

from recommendations.models.attribution import Attribution
from recommendations.models.audience import Audience, AudiencePiece
from recommendations.models.batch import BatchChunk, BatchJob
from recommendations.models.batch_hold import BatchHold
from recommendations.models.batch_schedule import BatchSchedule
from recommendations.models.catalogue import Product
from recommendations.models.common import CommonTable, ShopVotes
from recommendations.models.connection import StoreConnection
from recommendations.models.control import Merchandising, Placement, Rule
from recommendations.models.customer import Customer
from recommendations.models.event import Event, EventBatch
from recommendations.models.exporting import ExportRun
from recommendations.models.feed import Feed
from recommendations.models.finding import CatalogueDay, DataFinding
from recommendations.models.importing import ImportMapping, ImportPiece, ImportRun
from recommendations.models.order import Order, OrderLine
from recommendations.models.privacy import ErasedShopper, PrivacyKey, PrivacyRequest
from recommendations.models.rollup import RollUp
from recommendations.models.served import ListedSpan, ServedList
from recommendations.models.training import TrainingRun
from recommendations.models.webhook import Tombstone, WebhookEndpoint, WebhookReceipt

__all__ = [
    "Attribution",
    "Audience",
    "AudiencePiece",
    "BatchChunk",
    "BatchHold",
    "BatchJob",
    "BatchSchedule",
    "CatalogueDay",
    "CommonTable",
    "Customer",
    "DataFinding",
    "ErasedShopper",
    "Event",
    "EventBatch",
    "ExportRun",
    "Feed",
    "ImportMapping",
    "ImportPiece",
    "ImportRun",
    "Merchandising",
    "Order",
    "OrderLine",
    "Placement",
    "PrivacyKey",
    "PrivacyRequest",
    "Product",
    "RollUp",
    "Rule",
    "ServedList",
    "ShopVotes",
    "ListedSpan",
    "StoreConnection",
    "Tombstone",
    "TrainingRun",
    "WebhookEndpoint",
    "WebhookReceipt",
]
