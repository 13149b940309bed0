"""Files and frames taken in as a whole: read, checked column by column, merged by COPY, reported row by row."""

from recommendations.importing.run import KINDS, load

__all__ = ["KINDS", "load"]
