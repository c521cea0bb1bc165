"""What an attack is, and when it counts as escaped."""

from __future__ import annotations

from dataclasses import dataclass

from arriero.apps.codegen.sandbox.base import Limits, Program, Test

ESCAPED = "ESCAPED"
BAIT_FILE = "bait.json"
# Small, so that a suite takes seconds; what an attack uses where nothing holds it is a little more.
LIMITS = Limits(
    wall_s=3.0, cpu_s=2.0, memory_mb=192, processes=12, disk_mb=8, files=400, output_kb=128
)
OPENING = f"""
import ctypes, json, os, signal, socket, subprocess, sys, threading, time
with open({BAIT_FILE!r}) as file:
    BAIT = json.load(file)
libc = ctypes.CDLL(None, use_errno=True)
def escaped(*words):
    print({ESCAPED!r}, *words, flush=True)
"""


@dataclass(frozen=True, slots=True)
class Attack:
    """A program that prints ESCAPED, tells a secret of the bait, or changes the bait, if it gets out.

    `forges`: it comes with a test that it cannot pass, and has escaped when that test is said to pass.
    `canary`: it is also tried whenever a sandbox is opened.
    """

    name: str
    code: str
    forges: bool = False
    canary: bool = False

    def program(self, bait: str, test: Test) -> Program:
        """The program that tries; `bait` is JSON that says where the bait lies."""
        if self.forges:
            return Program({"main.py": self.code}, tests=(test,))
        return Program({"main.py": OPENING + self.code, BAIT_FILE: bait})
