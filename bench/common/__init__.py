"""What the shared model brings to small shops, and what a flood of fake orders in one shop does to the others."""
