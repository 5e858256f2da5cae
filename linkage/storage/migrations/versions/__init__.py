"""Steps that bring the shared schema of the linkage layer forward."""
