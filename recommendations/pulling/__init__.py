"""Reading products, customers and orders from a shop's own REST API: in pages, again from where it stopped."""
