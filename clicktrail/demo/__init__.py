"""A simulated shop: months of history to import, and live traffic through the real collector."""
