"""The verifier: executes again what it is drawn for, and attests what it found."""

from mesh.actors.verifier.verifier import Verifier

__all__ = ["Verifier"]
