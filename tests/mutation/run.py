#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Takes the checks of the C reader out, one at a time: each time at least one sample must have another outcome or clause.

    run.py [--count N [--seed S]] [--only WORD] [--jobs 1|2] [--units] [--list] [--source FOLDER]

--count N    N mutants chosen at random; --seed makes the same choice again
--only WORD  those whose line of --list holds WORD
--units      what no sample sees (elsewhere.txt) is tried too, with the unit tests of its folder
--list       only says which mutants there are
--source     the tree whose checks are taken out; without it, the one this file is in

Works on a copy in a temporary folder. Exits with 1 when a mutant survives that is not in equivalent.txt, when a line of
equivalent.txt or elsewhere.txt is wrong, or when all were tried and fewer than 40 were killed.
"""
import argparse
import concurrent.futures
import importlib.util
import json
import os
import queue
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import mutants

TOP = os.path.dirname(os.path.dirname(HERE))
LEAST_KILLED = 40
MEMORY_MOST = 4 << 30
UNIT_SECONDS = 120
KILLED, SURVIVED, EQUIVALENT, ELSEWHERE = "killed", "SURVIVED", "equivalent", "elsewhere"


class Line:
    """A line of equivalent.txt (file | clause | words | reason) or of elsewhere.txt (file | function or * | words or * | reason)."""

    def __init__(self, path, number, text):
        self.where = "%s:%d" % (os.path.basename(path), number)
        self.fields = [field.strip() for field in text.split(" | ")]
        self.used = False


def read_lines(name):
    path, lines = os.path.join(HERE, name), []
    with open(path, encoding="utf-8") as file:
        for number, text in enumerate(file, 1):
            if text.strip() and not text.startswith("#"):
                lines.append(Line(path, number, text))
                if len(lines[-1].fields) != 4:
                    sys.exit("%s has not four fields" % lines[-1].where)
    return lines


def match_equivalent(mutant, lines):
    for line in lines:
        file, clause, words, _ = line.fields
        if file == mutant.file and clause == mutant.clause and words == (mutant.operand or mutant.words):
            line.used = True
            return line
    return None


def match_elsewhere(mutant, lines):
    for line in lines:
        file, function, words, _ = line.fields
        if file == mutant.file and function in (mutant.function, "*") and (words == "*" or words in mutant.words):
            line.used = True
            return line
    return None


def limit():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MOST, MEMORY_MOST))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run(command, seconds, **more):
    """(exit code, output), or (None, "") when it did not end in time."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, text=True,
                              errors="replace", timeout=seconds, check=False, **more)
    except subprocess.TimeoutExpired:
        return None, ""
    return done.returncode, done.stdout


class Workplace:
    """A copy of the tree, with a build folder of its own."""

    def __init__(self, source, folder, units):
        self.tree, self.build = os.path.join(folder, "tree"), os.path.join(folder, "build")
        shutil.copytree(source, self.tree, symlinks=True, ignore=lambda path, names: [
            name for name in names if name == "__pycache__" or path == source and re.fullmatch(r"\.git|build.*", name)])
        self.need(["cmake", "-S", self.tree, "-B", self.build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_C_FLAGS=-O0 -g0 -w",
                   "-DCARNET_TESTS=%s" % ("ON" if units else "OFF"), "-DCARNET_TEST_SYSROOT=ON"])
        self.need(self.make("carnet-inspect"))
        self.inspect = os.path.join(self.build, "tools", "inspect", "carnet-inspect")
        spec = importlib.util.spec_from_file_location("conformance", os.path.join(self.tree, "tests", "conformance", "run.py"))
        self.conformance = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.conformance)
        self.samples, self.codes = self.conformance.samples(), self.conformance.outcome_codes()
        started = time.monotonic()
        found = self.judge(self.samples, 600)
        self.seconds = 10 + 5 * (time.monotonic() - started)
        if found:
            sys.exit("carnet-inspect differs from the samples before anything is taken out:\n" + "\n".join(found))
        self.units = {}

    @staticmethod
    def need(command):
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0:
            sys.exit("%s failed:\n%s" % (" ".join(command), done.stdout[-4000:]))

    def make(self, *targets):
        return ["ninja", "-C", self.build, "-j1"] + list(targets)

    def judge(self, samples, seconds):
        """What differs from the .expect files, as the conformance test sees it: one line a sample."""
        code, output = run([self.inspect, "verify", "--json", "--trust", self.conformance.ROOT] + [s.path for s in samples], seconds,
                           preexec_fn=limit)
        if code is None:
            return ["does not end"]
        if code < 0:
            return ["crashes (%s)%s" % (signal.Signals(-code).name, self.crash(samples, seconds))]
        said = {}
        for line in output.splitlines():
            try:
                answer = json.loads(line)
            except ValueError:
                return ["says no JSON: %s" % line[:100]]
            if "outcome" in answer and "file" in answer:
                said[answer["file"]] = answer
        differences = []
        for sample in samples:
            answer = said.get(sample.path)
            if answer is None:
                differences.append("%s: no line about it" % sample.name)
                continue
            differences += self.conformance.told(sample, answer["outcome"], answer.get("clause") or "-", answer["exit"],
                                                 self.codes[sample.outcome])
        worst = max(self.codes[s.outcome] for s in samples)
        if not differences and code != worst:
            differences.append("exit code %d instead of %d" % (code, worst))
        return differences

    def crash(self, samples, seconds):
        """At which sample: found by halves."""
        while len(samples) > 1:
            half = samples[: len(samples) // 2]
            code, _ = run([self.inspect, "verify", "--json", "--trust", self.conformance.ROOT] + [s.path for s in half], seconds,
                          preexec_fn=limit)
            samples = half if code is None or code < 0 else samples[len(half):]
        return " at %s" % samples[0].name

    def unit_tests(self, folder):
        """The unit test programs of a folder; they hold before anything is taken out."""
        if folder not in self.units:
            path = os.path.join(self.tree, "tests", "unit", folder)
            names = sorted(name[len("test_"): -2] for name in os.listdir(path) if name.startswith("test_") and name.endswith(".c"))
            programs = ["unit_%s_%s" % (folder, name) for name in names]
            self.need(self.make(*programs))
            paths = [os.path.join(self.build, "tests", "unit", program) for program in programs]
            for unit in paths:
                if run([unit], UNIT_SECONDS)[0] != 0:
                    sys.exit("%s fails before anything is taken out" % unit)
            self.units[folder] = (programs, paths)
        return self.units[folder]

    def judge_units(self, folder, before):
        programs, paths = self.units[folder]
        self.need(self.make(*programs))
        for unit in paths:
            if run([unit], UNIT_SECONDS, preexec_fn=limit)[0] != 0:
                return [os.path.basename(unit)]
        return before

    def try_one(self, mutant, with_units):
        """How it was noticed, or [] when it was not."""
        path = os.path.join(self.tree, mutant.file)
        folder = mutant.file.split("/")[1]
        with open(path, encoding="utf-8") as file:
            text = file.read()
        if with_units:
            self.unit_tests(folder)
        try:
            self.write(path, mutant.applied(text))
            self.need(self.make("carnet-inspect"))
            found = self.judge(self.samples, self.seconds)
            return self.judge_units(folder, found) if with_units and not found else found
        finally:
            self.write(path, text)

    @staticmethod
    def write(path, text):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


def choose(every, options):
    chosen = [m for m in every if options.only in str(m)]
    if options.count is None:
        return chosen
    chosen = [m for m in chosen if m.equivalent is None and (options.units or m.elsewhere is None)]
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10 ** 6)
    print("seed %d" % seed)
    numbers = sorted(random.Random(seed).sample(range(len(chosen)), min(options.count, len(chosen))))
    return [chosen[number] for number in numbers]


def try_all(chosen, options, folder):
    places, results = queue.Queue(), {}
    for number in range(options.jobs):
        places.put(Workplace(options.source, os.path.join(folder, str(number)), options.units))

    def one(mutant):
        place = places.get()
        try:
            return mutant, place.try_one(mutant, options.units and mutant.elsewhere is not None)
        finally:
            places.put(place)

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for mutant, found in pool.map(one, [m for m in chosen if options.units or m.elsewhere is None]):
            results[mutant] = found
            more = " (and %d more)" % (len(found) - 1) if len(found) > 1 else ""
            what = found[0].strip() + more if found else ""
            state = KILLED if found else EQUIVALENT if mutant.equivalent else SURVIVED
            print("%3d  %-10s  %s:%d  %-7s  %s\n     %s" % (mutant.number, state, mutant.file, mutant.line, mutant.clause, mutant.what(), what),
                  flush=True)
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--only", default="")
    parser.add_argument("--jobs", type=int, choices=(1, 2), default=1)
    parser.add_argument("--units", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--source", default=TOP)
    options = parser.parse_args()
    options.source = os.path.abspath(options.source)
    every = mutants.find(options.source)
    equivalents, elsewheres = read_lines("equivalent.txt"), read_lines("elsewhere.txt")
    for number, mutant in enumerate(every, 1):
        mutant.number = number
        mutant.elsewhere = match_elsewhere(mutant, elsewheres)
        mutant.equivalent = match_equivalent(mutant, equivalents)
    wrong = ["%s fits no check" % line.where for line in equivalents + elsewheres if not line.used]
    chosen = choose(every, options)
    if options.list:
        for mutant in chosen:
            state = EQUIVALENT if mutant.equivalent else ELSEWHERE if mutant.elsewhere else ""
            print("%3d  %s:%d  %s  %s  %s" % (mutant.number, mutant.file, mutant.line, mutant.clause, mutant.what(), state))
        print("%d mutants" % len(chosen))
        return 0
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        results = try_all(chosen, options, folder)
    killed = [m for m, found in results.items() if found]
    survivors = [m for m, found in results.items() if not found and not m.equivalent]
    wrong += ["%s is wrong: %s is noticed by %s" % (m.equivalent.where, m, results[m][0]) for m in killed if m.equivalent]
    if options.count is None and not options.only and len(killed) < LEAST_KILLED:
        wrong.append("only %d were killed" % len(killed))
    print("\n%d mutants in %.0f s: %d killed, %d equivalent, %d survivors; %d not tried, being elsewhere" % (
        len(chosen), time.monotonic() - started, len(killed), len(results) - len(killed) - len(survivors), len(survivors),
        len(chosen) - len(results)))
    for mutant in survivors:
        print("survivor: %s" % mutant)
    for words in wrong:
        print(words)
    return 1 if survivors or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
