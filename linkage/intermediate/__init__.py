"""Intermediate server (中間サーバー): copies, inquiries and provisions of one body, between its gate and the network.

Codes of affairs, procedures and information are demonstration values (see codes.yaml): the national list is not public.
"""
