"""Signed records of the mesh, version 2: one class each, with its fields as on the wire.

All times are Unix seconds, all amounts whole units, all prices whole tokens. A job is named by the
CID of its signed manifest, an attempt by the CID of its Hold.
"""
