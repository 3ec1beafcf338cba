#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Conformance: every reader says of every sample what its .expect says; the samples, the schema, the specification and
the code agree.

    run.py independent              tests/independent/carnet_reader.py
    run.py stock-tools [WORD]       spec/verify.sh (only samples with WORD in their names)
    run.py inspect PROGRAM          carnet-inspect
    run.py regenerate               samples/regenerate makes the same bytes
    run.py schema                   xmllint takes the valid documents and refuses the invalid ones
    run.py traceability             requirements, samples, tests and outcomes name each other
    run.py forgeries                spec/verify.sh leaves nothing behind and runs nothing of a file
    run.py writers [USER ADMIN]     what the independent writers make is read

Prints the differences and their number; exits with 1 when there are any.
"""
import concurrent.futures
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SAMPLES = os.path.join(TOP, "samples")
ROOT = os.path.join(SAMPLES, "keys", "root.pem")
READER = os.path.join(TOP, "tests", "independent", "carnet_reader.py")
VERIFY = os.path.join(TOP, "spec", "verify.sh")
SPEC = os.path.join(TOP, "spec", "format.md")
SCHEMA = os.path.join(TOP, "spec", "carnet-1.xsd")
LEAST_INVALID = 120
sys.path.insert(0, os.path.join(TOP, "tests", "independent"))


class Sample:
    def __init__(self, path):
        self.path = path
        self.name = os.path.relpath(path, SAMPLES)
        with open(path + ".expect", encoding="utf-8") as file:
            lines = dict(line.rstrip("\n").split(": ", 1) for line in file)
        self.outcome = lines.pop("outcome")
        self.clauses = lines.pop("clause").split(", ")
        self.stock_outcome = lines.pop("verify.sh", self.outcome)
        if lines:
            raise ValueError("%s.expect: unknown lines" % self.name)


def samples():
    found = []
    for folder in ("valid", "invalid", "future"):
        paths = sorted(glob.glob(os.path.join(SAMPLES, folder, "*")))
        found += [Sample(path) for path in paths if not path.endswith(".expect")]
    return found


def outcome_codes():
    """The outcomes of the code, with their exit codes."""
    with open(os.path.join(TOP, "format", "core", "error.h"), encoding="utf-8") as file:
        return {name: int(code) for name, code in re.findall(r'X\([A-Z_]+, "([a-z-]+)", ([0-9]+),', file.read())}


def need(*tools):
    for tool in tools:
        if not shutil.which(tool):
            sys.exit("%s is not installed; this test needs it" % tool)


def told(sample, outcome, clause, code, exit_code, said=""):
    """Differences of one reader's answer: the outcome, its exit code, and (when given) the clause of a refusal."""
    if outcome != sample.outcome:
        return ["%s: %s %s instead of %s %s  %s" % (sample.name, outcome, clause, sample.outcome, "/".join(sample.clauses), said)]
    if outcome != "ok" and clause is not None and clause not in sample.clauses:
        return ["%s: clause %s instead of %s  %s" % (sample.name, clause, "/".join(sample.clauses), said)]
    if code != exit_code:
        return ["%s: exit code %d instead of %d" % (sample.name, code, exit_code)]
    return []


def independent():
    every, codes, differences = samples(), outcome_codes(), []
    run = subprocess.run([sys.executable, "-B", READER, "--root", ROOT] + [s.path for s in every], capture_output=True, text=True, check=False)
    lines = run.stdout.splitlines()
    if len(lines) != len(every):
        return ["the reader said %d lines of %d samples: %s" % (len(lines), len(every), run.stderr)]
    for sample, line in zip(every, lines):
        outcome, clause, said = line.split(" ", 2)
        differences += told(sample, outcome, clause, 0, 0, said)
    worst = max(codes[s.outcome] for s in every)
    if run.returncode != worst:
        differences.append("the exit code of all is %d instead of %d" % (run.returncode, worst))
    return differences


def stock_one(sample, codes):
    run = subprocess.run(["/bin/sh", VERIFY, "--root", ROOT, sample.path], capture_output=True, text=True, errors="replace", check=False)
    said = run.stdout.splitlines()[-1:] or [""]
    outcome = said[0].split(" ")[0]
    if outcome != sample.stock_outcome:
        return ["%s: %s instead of %s  %s" % (sample.name, said[0], sample.stock_outcome, run.stderr[-300:])]
    if run.returncode != codes[sample.stock_outcome]:
        return ["%s: exit code %d instead of %d" % (sample.name, run.returncode, codes[sample.stock_outcome])]
    return ["%s: said %s" % (sample.name, run.stderr[-300:])] if run.stderr else []


def stock_tools(only=""):
    need("tar", "sha256sum", "openssl", "xmllint", "cmp", "od", "awk", "base64", "gzip")
    codes = outcome_codes()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return [d for found in pool.map(lambda s: stock_one(s, codes), [s for s in samples() if only in s.name]) for d in found]


def inspect(program):
    every, codes, differences = samples(), outcome_codes(), []

    def one(sample):
        run = subprocess.run([program, "verify", "--json", "--trust", ROOT, sample.path], capture_output=True, text=True,
                             errors="replace", check=False)
        try:
            said = json.loads(run.stdout.splitlines()[0])
        except (ValueError, IndexError):
            return ["%s: no line of JSON (exit code %d): %s" % (sample.name, run.returncode, run.stderr[-300:])]
        return told(sample, said.get("outcome"), said.get("clause") or "-", run.returncode, codes[sample.outcome], str(said.get("detail", "")))

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for found in pool.map(one, every):
            differences += found
    return differences


def regenerate():
    differences = []
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-B", os.path.join(SAMPLES, "regenerate"), folder], check=True, stdout=subprocess.DEVNULL)
        for name in ("valid", "invalid", "future", "keys"):
            made = set(os.listdir(os.path.join(folder, name)))
            kept = set(os.listdir(os.path.join(SAMPLES, name)))
            differences += ["%s/%s is kept but not made" % (name, f) for f in sorted(kept - made)]
            differences += ["%s/%s is made but not kept" % (name, f) for f in sorted(made - kept)]
            for file in sorted(made & kept):
                if read(os.path.join(folder, name, file)) != read(os.path.join(SAMPLES, name, file)):
                    differences.append("%s/%s is made with other bytes" % (name, file))
        # A released sample is not changed: the refusal says so and leaves the file as it is.
        victim = os.path.join(folder, "valid", "license-rich.carnet")
        with open(victim, "ab") as file:
            file.write(b"x")
        before = read(victim)
        run = subprocess.run([sys.executable, "-B", os.path.join(SAMPLES, "regenerate"), folder], capture_output=True, text=True, check=False)
        if run.returncode != 73 or "valid/license-rich.carnet exists with other bytes" not in run.stderr or read(victim) != before:
            differences.append("regenerate changed a released sample")
    return differences


def read(path):
    with open(path, "rb") as file:
        return file.read()


def documents(data):
    """Every (kind, document) in a bundle or text, the embedded ones too."""
    from carnet_reader import unarmour, unpack
    entries = unpack(data if data.startswith(b"mimetype\0") else unarmour(data)[1])
    found = [(entries[4][0][:-4], entries[4][1])]
    for _, content in entries[5:]:
        found += documents(content)
    return found


def schema():
    """xmllint takes the document of every valid sample, and refuses that of every sample that breaks X-9."""
    need("xmllint")
    differences = []
    with tempfile.TemporaryDirectory() as folder:
        batches = {True: [], False: []}
        for sample in samples():
            valid = sample.outcome == "ok"
            if not valid and not (sample.outcome == "malformed" and sample.clauses[0] == "X-9"):
                continue
            for number, (kind, document) in enumerate(documents(read(sample.path))):
                if number and not valid:
                    break
                path = os.path.join(folder, "%s-%d-%s.xml" % (sample.name.replace("/", "-"), number, kind))
                with open(path, "wb") as file:
                    file.write(document)
                batches[valid].append(path)
        for valid, paths in batches.items():
            run = subprocess.run(["xmllint", "--noout", "--nonet", "--schema", SCHEMA] + paths, capture_output=True, text=True, check=False)
            accepted = set(re.findall(r"^(\S+) validates$", run.stderr, re.M))
            differences += ["%s: xmllint %s it" % (os.path.basename(p), "accepts" if p in accepted else "refuses")
                            for p in paths if (p in accepted) != valid and not beyond_the_schema(p)]
        if not batches[True] or len(batches[False]) < 100:
            differences.append("too few documents were looked at")
    return differences


def beyond_the_schema(path):
    """XSD lets attributes of XMLSchema-instance through, which X-9 forbids beside."""
    return b"XMLSchema-instance" in read(path)


def requirements():
    """The requirements that the specification defines, and the outcomes that its section 20 lists."""
    with open(SPEC, encoding="utf-8") as file:
        text = file.read()
    defined = set(re.findall(r"^- \*\*([A-Z]-[0-9]+)\*\*", text, re.M))
    section = re.search(r"^## 20\..*?(?=^## |\Z)", text, re.M | re.S)
    return defined, set(re.findall(r"^\|[^|\n]*?`([a-z-]+)`", section.group(0), re.M)) if section else set()


def of_ledger_and_keys():
    """The requirements of the other documents, and those that are named, in ranges as well ("L-2 to L-5"), by the tests that
    name the document. (License ids look like the ids of requirements.)
    """
    defined, named = set(), set()
    tests = [path for path in glob.glob(os.path.join(TOP, "tests", "**", "*"), recursive=True)
             if os.path.isfile(path) and "__pycache__" not in path and not os.path.samefile(path, __file__)]
    for document, letter in (("ledger.md", "L"), ("keyfile.md", "Y"), ("stick.md", "N")):
        text = read(os.path.join(TOP, "spec", document)).decode()
        defined |= set(re.findall(r"^- \*\*(%s-[0-9]+)\*\*" % letter, text, re.M))
        for words in (read(path).decode("utf-8", "replace") for path in tests):
            if "spec/" + document in words:
                for first, last in re.findall(r"\b%s-([0-9]+)(?: to %s-([0-9]+))?\b" % (letter, letter), words):
                    named |= {"%s-%d" % (letter, n) for n in range(int(first), int(last or first) + 1)}
    return defined, named


def traceability():
    defined, listed = requirements()
    differences, every = [], samples()
    named = {clause for s in every for clause in s.clauses}
    differences += ["%s names %s, which the specification does not define" % (s.name, c) for s in every for c in s.clauses if c not in defined]
    tests = set()
    for path in glob.glob(os.path.join(TOP, "tests", "**", "*"), recursive=True):
        # The lists of the mutation runs name every clause, and test none.
        if os.path.isfile(path) and "__pycache__" not in path and os.sep + "mutation" + os.sep not in path:
            tests |= set(re.findall(r"\b[A-Z]-[0-9]+\b", read(path).decode("utf-8", "replace")))
    differences += ["%s is named by no sample and no test" % c for c in sorted(defined - named - tests)]
    inner, inner_named = of_ledger_and_keys()
    differences += ["%s is named by no test" % c for c in sorted(inner - inner_named)]
    if len(inner) < 15:
        differences.append("only %d requirements in ledger.md and keyfile.md" % len(inner))
    codes = set(outcome_codes())
    if not listed:
        differences.append("section 20 of the specification lists no outcomes")
    differences += ["outcome %s of the code is not in section 20" % o for o in sorted(codes - listed)]
    differences += ["outcome %s of section 20 is not in the code" % o for o in sorted(listed - codes)]
    differences += ["%s: unknown outcome %s" % (s.name, s.outcome) for s in every if s.outcome not in codes]
    invalid = [s for s in every if s.name.startswith("invalid/")]
    if len(invalid) < LEAST_INVALID:
        differences.append("only %d invalid samples" % len(invalid))
    differences += ["%s is valid" % s.name for s in invalid if s.outcome == "ok"]
    differences += ["%s is not valid" % s.name for s in every if s.name.startswith("valid/") and s.outcome != "ok"]
    return differences


# What must leave nothing behind: the names of entries are no paths (C-6), and a refusal changes nothing on disk (Z-2).
HOSTILE = ("container-entry-parent-folder", "container-entry-absolute-path", "container-entry-folder", "container-entry-schema",
           "container-entry-root-key", "container-entry-option", "container-entry-line-feed", "container-entry-schema-unlisted",
           "container-entry-root-key-unlisted", "container-entry-parent-folder-unlisted", "container-header-type-symbolic-link",
           "container-header-type-hard-link", "container-second-document-unlisted", "container-document-twice-unlisted",
           "trust-license-by-a-stranger", "sums-garbage-line")


def forgeries():
    """The verifier, in a folder of its own beside schema and root key, changes neither, and cleans up."""
    need("tar", "openssl", "xmllint")
    differences = []
    with tempfile.TemporaryDirectory() as folder:
        here = {name: os.path.join(folder, name) for name in ("spec", "tmp", "files")}
        for path in here.values():
            os.mkdir(path)
        for path in (VERIFY, SCHEMA, ROOT):
            shutil.copy(path, here["spec"])
        before = {name: read(os.path.join(here["spec"], name)) for name in os.listdir(here["spec"])}
        outcomes = {os.path.basename(s.path): s.stock_outcome for s in samples()}
        for number, name in enumerate(HOSTILE):
            # A file's name is hostile too.
            file = os.path.join(here["files"], ("$(touch ran);`touch ran` '\"-x:%d.carnet" % number))
            shutil.copy(os.path.join(SAMPLES, "invalid", name + ".carnet"), file)
            run = subprocess.run(["/bin/sh", "verify.sh", "--root", "root.pem", file], cwd=here["spec"], capture_output=True, text=True,
                                 errors="replace", check=False, env={**os.environ, "TMPDIR": here["tmp"]})
            outcome = (run.stdout.splitlines() or [""])[-1].split(" ")[0]
            if outcome != outcomes[name + ".carnet"] or run.returncode == 0:
                differences.append("%s: %s, exit code %d" % (name, outcome, run.returncode))
            if {n: read(os.path.join(here["spec"], n)) for n in os.listdir(here["spec"])} != before:
                differences.append("%s changed the folder of the verifier" % name)
            if os.listdir(here["tmp"]):
                differences.append("%s left something behind" % name)
    return differences


def writers(*programs):
    """The shell writer's and the Python writer's bundles are good for every reader given: [carnet-inspect]."""
    need("tar", "sha256sum", "openssl")
    differences, codes = [], outcome_codes()
    independent_folder = os.path.join(TOP, "tests", "independent")
    with tempfile.TemporaryDirectory() as folder:
        made = os.path.join(folder, "made")
        subprocess.run(["/bin/sh", os.path.join(independent_folder, "make-with-stock-tools.sh"), made], check=True)
        root, license_file = os.path.join(made, "root.pem"), os.path.join(made, "license.carnet")
        inputs = [os.path.join(made, name + ".carnet") for name in ("entitlement", "fingerprint")]
        subprocess.run([sys.executable, "-B", os.path.join(independent_folder, "carnet_writer.py"), "license"] + inputs +
                       [os.path.join(made, "issuer.key"), "--issued", now(), "-o", license_file], check=True)
        for path in inputs + [license_file]:
            commands = [[sys.executable, "-B", READER, "--root", root, path], ["/bin/sh", VERIFY, "--root", root, path]]
            commands += [[program, "verify", "--trust", root, path] for program in programs]
            for command in commands:
                run = subprocess.run(command, capture_output=True, text=True, check=False)
                if run.returncode != codes["ok"]:
                    differences.append("%s: %s" % (" ".join(command), run.stdout[-200:] + run.stderr[-200:]))
            # Under another root the same file is refused (a fingerprint vouches for itself).
            expected = codes["ok" if "fingerprint" in path else "untrusted-key"]
            run = subprocess.run(["/bin/sh", VERIFY, "--root", ROOT, path], capture_output=True, check=False)
            if run.returncode != expected:
                differences.append("%s under another root: exit code %d" % (os.path.basename(path), run.returncode))
    return differences


def now():
    return subprocess.run(["date", "-u", "+%Y-%m-%dT%H:%M:%SZ"], capture_output=True, text=True, check=True).stdout.strip()


SUITES = {"independent": independent, "stock-tools": stock_tools, "inspect": inspect, "regenerate": regenerate, "schema": schema,
          "traceability": traceability, "forgeries": forgeries, "writers": writers}


def main():
    if len(sys.argv) < 2 or sys.argv[1] not in SUITES:
        sys.exit(__doc__)
    differences = SUITES[sys.argv[1]](*sys.argv[2:])
    for difference in differences:
        print(difference)
    print("%s: %d differences" % (sys.argv[1], len(differences)))
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
