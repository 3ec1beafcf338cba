#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""promises.py BUILD [--record]: each promise of spec/threats.md with the tests that prove it and what they came to in the last run of
CTest in BUILD (tests/run.sh leaves BUILD/results.xml), and how long each group of suites took. Prints the two tables; --record
puts them into tests/README.md, between its marks. Fails where a promise has no test that ran and passed, so that no cell is
empty."""
import glob
import os
import re
import sys
import xml.etree.ElementTree as ElementTree

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
README = os.path.join(TOP, "tests", "README.md")
MARKS = "<!-- written by promises.py -->\n", "<!-- end -->\n"
# Scripts whose name is not that of their test.
SCRIPTS = {"tests/symbols/run.sh": "symbols", "tests/spec/run.sh": "spec/examples", "samples": "conformance/inspect"}
# What a suite prints about how much it did.
FIGURE = re.compile(r"^.*\b[0-9][0-9,]*\s+(?:points|mutations|samples|requirements|states|checks|executions|histories|keys|bundles|operations"
                    r"|forgeries|fields|events)\b.*$", re.M)


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


def results(build):
    """Each test of CTest: did it pass, how long did it take, what did it print."""
    found = {}
    for case in ElementTree.parse(os.path.join(build, "results.xml")).getroot().iter("testcase"):
        found[case.get("name")] = (case.get("status") == "run" and case.find("failure") is None, float(case.get("time")),
                                   case.findtext("system-out") or "")
    return found


def units(folder, words):
    """tests/unit/bundle:h1_lines is in the test unit/bundle/NAME whose source holds the words."""
    suite = folder[len("tests/"):]
    suite = suite if suite.startswith("unit/") else "unit/" + suite
    for source in sorted(glob.glob(os.path.join(TOP, folder, "*.c"))):
        if words in read(source):
            name = os.path.splitext(os.path.basename(source))[0]
            yield f"{suite}/{name[len('test_'):] if name.startswith('test_') else name}"


def tests_of(reference, ran):
    """The tests of CTest that hold what a promise names: FILE, FILE:WORDS or FOLDER:WORDS."""
    path, _, words = reference.partition(":")
    if path.endswith(".bats"):
        return ["cli/" + os.path.basename(path)[:-len(".bats")]]
    if path.startswith("samples/"):
        return [SCRIPTS["samples"]]
    if path in SCRIPTS:
        return [SCRIPTS[path]]
    if path.endswith("conformance/run.py"):
        return ["conformance/" + words.replace("_", "-")]
    if path.endswith(".py"):
        return [path[len("tests/"):-len(".py")]]
    found = list(units(path, words))
    return found or [name for name in ran if name.startswith(path[len("tests/"):] + "/")]


def figures(output):
    lines = [line.strip() for line in FIGURE.findall(output)]
    return lines[-1] if lines else ""


def rows(ran):
    """The table's rows, and what is wrong."""
    text = read(TOP, "spec", "threats.md")
    for promise, says, tests in re.findall(r"^\| (P[0-9]+) \| (.*?) \| (.*?) \|$", text, re.M):
        names, wrong, numbers = [], [], []
        references = re.findall(r"`([^`]+)`", tests)
        for reference in references:
            held_by = tests_of(reference, ran)
            if not held_by:
                wrong.append(f"{promise}: no test holds {reference}")
            for name in held_by:
                if name not in ran or not ran[name][0]:
                    wrong.append(f"{promise}: {name} " + ("did not run" if name not in ran else "failed"))
                elif name not in names:
                    names.append(name)
                    numbers.append(figures(ran[name][2]))
        seconds = sum(ran[name][1] for name in names)
        told = "; ".join(number for number in numbers if number)
        yield (f"| {promise} | {says} | " + ", ".join(f"`{name}`" for name in names) +
               f" | {len(references)} named, {len(names)} suite{'' if len(names) == 1 else 's'} passed in {seconds:.1f} s"
               + (f"; {told}" if told else "") + " |"), wrong


def groups(ran):
    """How many tests each group has, and how long they took one after the other."""
    table = {}
    for name, (_, seconds, _) in ran.items():
        count, total = table.get(name.split("/")[0], (0, 0.0))
        table[name.split("/")[0]] = (count + 1, total + seconds)
    yield "| group | tests | seconds |"
    yield "|---|---|---|"
    for name, (count, total) in sorted(table.items(), key=lambda row: -row[1][1]):
        yield f"| `{name}` | {count} | {total:.0f} |"


def main():
    ran = results(sys.argv[1])
    table, wrong = ["| | promise | where it is tested | last numbers |", "|---|---|---|---|"], []
    for row, errors in rows(ran):
        table.append(row)
        wrong += errors
    text = "\n".join([*groups(ran), "", *table]) + "\n"
    if "--record" in sys.argv:
        before, rest = read(README).split(MARKS[0])
        with open(README, "w", encoding="utf-8") as file:
            file.write(before + MARKS[0] + text + MARKS[1] + rest.split(MARKS[1])[1])
    else:
        print(text, end="")
    for line in wrong:
        print(f"promises: {line}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
