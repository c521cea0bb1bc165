"""Findings as SARIF 2.1.0 (OASIS), which code hosts and editors read."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any
from urllib.parse import quote

from arriero.apps.codegen.security.findings import Findings, Severity, Weakness

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVEL = {Severity.LOW: "note", Severity.MEDIUM: "warning", Severity.HIGH: "error"}
# GitHub orders alerts by this number; the bounds are its own: above 7 is high, above 4 medium.
WEIGHT = {Severity.LOW: "2.0", Severity.MEDIUM: "5.0", Severity.HIGH: "8.0"}


def sarif(findings: Findings, file: str) -> Mapping[str, Any]:
    """A log with one run; `file` is the path of the code as the reader knows it."""
    rules = {one.rule: one for one in findings.weaknesses}
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "arriero",
                        "version": version("arriero"),
                        "rules": [_rule(one) for one in rules.values()],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [
                    _result(one, list(rules).index(one.rule), file) for one in findings.weaknesses
                ],
            }
        ],
    }


def _rule(one: Weakness) -> Mapping[str, Any]:
    return {
        "id": one.rule,
        "shortDescription": {"text": one.message},
        "help": {"text": one.safe},
        "helpUri": f"https://cwe.mitre.org/data/definitions/{one.cwe}.html",
        "properties": {
            "tags": ["security", f"external/cwe/cwe-{one.cwe:03d}"],
            "security-severity": WEIGHT[one.severity],
        },
    }


def _result(one: Weakness, index: int, file: str) -> Mapping[str, Any]:
    place = one.span
    return {
        "ruleId": one.rule,
        "ruleIndex": index,
        "level": LEVEL[one.severity],
        "message": {"text": f"{one.message} (CWE-{one.cwe}); {one.safe}"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(file)},
                    "region": {
                        "startLine": place.line,
                        "startColumn": max(1, place.column),
                        "endLine": max(place.line, place.end_line),
                        "endColumn": max(1, place.end_column),
                    },
                }
            }
        ],
        "properties": {"found_by": one.found_by},
    }
