"""The sandbox: execution of modules in confined worker processes.

Importing it is light: the engine is loaded in the workers only.
"""

from runtime.sandbox.engine import Engine, engine, engine_text
from runtime.sandbox.findings import Finding
from runtime.sandbox.limits import SandboxLimits
from runtime.sandbox.pool import Result, Sandbox
from runtime.sandbox.request import Fault, FaultReason, Request, Ticket
from runtime.sandbox.selftest import FuelRate, UnusableError, calibrate, self_test

__all__ = [
    "Engine",
    "Fault",
    "FaultReason",
    "Finding",
    "FuelRate",
    "Request",
    "Result",
    "Sandbox",
    "SandboxLimits",
    "Ticket",
    "UnusableError",
    "calibrate",
    "engine",
    "engine_text",
    "self_test",
]
