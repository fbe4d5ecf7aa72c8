"""The typed tree and its types: nodes, visiting, rewriting, layout in memory."""
