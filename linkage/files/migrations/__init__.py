"""Steps that bring this schema forward."""
