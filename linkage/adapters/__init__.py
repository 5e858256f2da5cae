"""The adapter kit for business systems, and an example of each kind: 住民記録, 地方税, 福祉, 人事給与."""
