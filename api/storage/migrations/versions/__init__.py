"""The steps, each written out."""
