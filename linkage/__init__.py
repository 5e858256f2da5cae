"""The storage and linkage layer: acts only on a redeemed permit."""
