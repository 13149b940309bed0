"""Everything a shop owns, written to files in the formats that the importer reads."""
