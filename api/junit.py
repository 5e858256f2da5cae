"""Results of scenarios as JUnit XML, for the systems that collect test reports."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from typing import TYPE_CHECKING

from api.scenario import Result

if TYPE_CHECKING:
    from dsl.diagnostics import Diagnostic

#: What XML 1.0 cannot hold.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(results: Sequence[Result], findings: Sequence[Diagnostic] = ()) -> str:
    """The report: a suite for each file, a case for each scenario, an error for each finding in a file."""
    root = ET.Element("testsuites", name="jorei replay")
    paths = dict.fromkeys([*(r.scenario.path for r in results), *(d.path for d in findings)])
    for path in paths:
        own = [r for r in results if r.scenario.path == path]
        wrong = [d for d in findings if d.path == path]
        suite = ET.SubElement(
            root,
            "testsuite",
            name=_clean(path),
            tests=str(len(own) + len(wrong)),
            failures=str(sum(not r.passed for r in own)),
            errors=str(len(wrong)),
            time=f"{sum(r.seconds for r in own):.4f}",
        )
        for result in own:
            _case(suite, result)
        for finding in wrong:
            case = ET.SubElement(suite, "testcase", classname=_clean(path), name=f"{finding.span.line}行目")
            text = _clean(f"{finding.code} {finding.message}")
            ET.SubElement(case, "error", type=finding.code, message=text).text = _clean(finding.help)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _case(suite: ET.Element, result: Result) -> None:
    scenario = result.scenario
    case = ET.SubElement(
        suite,
        "testcase",
        classname=_clean(scenario.path),
        name=_clean(scenario.name),
        file=_clean(scenario.path),
        line=str(scenario.line),
        time=f"{result.seconds:.4f}",
    )
    if not result.passed:
        said = [str(d) for d in result.differences]
        failure = ET.SubElement(case, "failure", type="difference", message=_clean(said[0]))
        failure.text = _clean("\n".join([*said, *result.reasons]))


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)
