"""The embedded mesh: three nodes, three federation nodes and an issuer in one SQLite file."""

from mesh.local.mesh import LocalMesh
from mesh.local.request import JobRequest
from mesh.local.views import JobView

__all__ = ["JobRequest", "JobView", "LocalMesh"]
