"""Diagnostics as values: the model, codes with their wording, cascades, fixes, renderers."""
