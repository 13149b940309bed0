"""Quality of recommendations on published data: one pipeline, its own choices, full ranking."""
