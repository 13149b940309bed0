"""Template tags and filters, built in everywhere."""

from django import template

register = template.Library()
