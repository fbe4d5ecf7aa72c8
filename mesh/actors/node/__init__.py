"""The node: bids for jobs, executes what it is ordered to, and signs what came of it."""

from mesh.actors.node.node import Node

__all__ = ["Node"]
