#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Faults at the system calls of every command that writes: see README.md.

  run.py --programs DIR:DIR:... --source DIR [--long] [--only NAME]... [--jobs N] kill|errors|power|controls
"""
import argparse
import concurrent.futures
import os
import random
import sys
import time

import ledger_rules
import power
import state_rules
from lab import CHANGING, ERRORS, Lab, inject, kill, strided, trace
from ledger_rules import Broken, hold
from scenarios import SCENARIOS

# In the short form, so many points of each command at most.
SHORT_KILLS, SHORT_ERRORS, SHORT_CUTS = 6, 4, 14
# At each cut, so many draws of what was kept of all that was not synced.
SHORT_DRAWS, LONG_DRAWS = 2, 16
# In the long form the run after a kill is killed at every so many-th call, beginning at another one for each kill.
LONG_TURNS = 8
KNOWN = frozenset([0, 1] + list(range(10, 22)) + list(range(30, 40)) + list(range(40, 57)) +
                  [64, 66, 73, 74, 75, 77, 78] + list(range(80, 85)) + list(range(90, 94)))


class Matrix:
    """One command, the world it starts in, and what it comes to when nothing disturbs it."""

    def __init__(self, lab, scenario, extra=None):
        self.lab, self.scenario, self.extra = lab, scenario, extra
        self.missed = 0
        self.base = lab.start(scenario.start)
        self.base_files = self.base.files("state")
        self.base_stick = {content for path, content in self.base.files("stick").items() if path.endswith(".carnet")}
        done = self.base.copy()
        self.calls, first = trace(done, scenario.words, extra)
        self.first = first.code
        self.before, self.after = self.project(self.base), self.project(done)
        self.again = done.run(scenario.words, extra).code
        hold(self.first == 0, f"undisturbed it ends with {self.first}: {first.out}{first.err}")
        hold(self.project(done) == self.after, "run again undisturbed, it changes something")
        self.rules(done)
        self.hold_delivered(done)
        done.remove()

    def project(self, world):
        if self.scenario.side == "admin":
            return ledger_rules.project(world.at("home"))
        return state_rules.project(world.at("state"))

    def rules(self, world):
        if self.scenario.side == "admin":
            ledger_rules.check(world.at("home"))
        else:
            state_rules.check(world, self.base_files)
        self.hold_stick(world)

    def known(self, world):
        """The bytes that the side which wrote to the stick still has, and those that lay there before."""
        if self.scenario.side == "admin":
            return ledger_rules.outbox(world.at("home")) | self.base_stick
        return {content for _, _, _, content in state_rules.sent(world.at("state"))} | self.base_stick

    def hold_stick(self, world):
        """Nothing is on the stick that was not recorded first: a bundle, or the beginning of one; and what lay there is there
        or here (spec/stick.md, N-4, N-14)."""
        known = self.known(world)
        for path, content in world.files("stick").items():
            if path.endswith(".carnet"):
                hold(any(b.startswith(content) for b in known), f"{path} is on the stick and recorded nowhere")
        lost = self.base_stick - set(world.files("stick").values())
        if self.scenario.side == "user":
            hold(not lost or lost <= set(world.files("state").values()), "a bundle was on the stick, and is nowhere now")

    def hold_delivered(self, world):
        """At the end every bundle on the stick is whole, and there are as many as an undisturbed run writes."""
        known, whole = self.known(world), []
        for path, content in world.files("stick").items():
            if path.endswith(".carnet"):
                hold(content in known, f"{path} is not whole")
                whole.append(content)
        hold(len(set(whole)) == len(whole), "one bundle has two names")
        if not hasattr(self, "delivered"):
            self.delivered = len(whole)
        # Where a sync could not read what came, it writes once more what waits for that.
        more = self.scenario.name.startswith("sync") and len(whole) > self.delivered
        hold(more or len(whole) == self.delivered, f"{len(whole)} bundles are on the stick, not {self.delivered}")

    def settled(self, world):
        """All or nothing: the records are as before the command or as after it. A user's first key is made in steps."""
        now = self.project(world)
        if self.scenario.side == "admin":
            hold(now in (self.before, self.after), "the change is half done: " +
                 repr(sorted(set(now or ()) ^ set(self.before or ()))))
        return now == self.after

    def made(self, world):
        """The file that the command makes is there, and then whole: an SQLite file that holds together."""
        path = world.at("in", self.scenario.makes) if self.scenario.makes else None
        if path is None or not os.path.exists(path):
            return path is None
        ledger_rules.check_copy(path)
        return True

    def finish(self, world):
        """Run again, undisturbed: as if there had been no fault."""
        done = self.settled(world) and self.made(world)
        result = world.run(self.scenario.words, self.extra)
        expected = (self.again,) if done else (self.first, self.again)
        hold(result.code in expected, f"run again, it ends with {result.code}, not {expected}: {result.out}{result.err}")
        hold(self.project(world) == self.after, "run again, the records are not those of an undisturbed run")
        self.rules(world)
        self.hold_delivered(world)
        hold(self.made(world), f"run again, {self.scenario.makes} is not there")
        if self.scenario.side == "admin":
            verified = world.run(["carnet-admin", "--json", "journal", "verify"])
            hold(verified.code == 0, f"journal verify: exit {verified.code}: {verified.out}{verified.err}")
        if self.scenario.name == "check":  # a check writes the floors alone, and leaves the sweeping to the others
            world.must("carnet-user", "-y", "trust", "add", "root.pem")
        hold(not state_rules.leftovers(world.at("state")), "a temporary file is left in the state")

    def hold_hit(self, call, hit):
        """What changes something is called as often in every run. How often a library waits for a thread, or SQLite reads, is
        not: a run that had fewer of these calls was not disturbed, and is counted."""
        hold(hit or not (call.touches and call.name in CHANGING), "the command did not get there")
        self.missed += not hit

    # ---- killed ----

    def kill_at(self, call, recovery):
        """`recovery`: the calls at which the run after it is killed, too; each time in a copy."""
        world = self.base.copy()
        got_there = kill(world, self.scenario.words, call.name, call.k, self.extra)
        self.hold_hit(call, got_there)
        recovered = 0
        self.rules(world)
        self.settled(world)
        for second in recovery:
            other = world.copy()
            recovered += kill(other, self.scenario.words, second.name, second.k, self.extra)
            self.rules(other)
            self.finish(other)
            other.remove()
        shape = world.shape()
        self.finish(world)
        world.remove()
        return recovered, shape

    # ---- failing calls ----

    def fail_at(self, call, error, lasting):
        """`lasting`: the calls of that name that follow fail as well, as on a disk that is full and stays so."""
        world = self.base.copy()
        result, hit = inject(world, self.scenario.words, call.name, f"error={error}", f"{call.k}{'+' if lasting else ''}",
                             self.extra)
        self.hold_hit(call, hit)
        mute = call.name in ("write", "writev") and (lasting or "(1<" in call.line)
        if not call.touches or (mute and result.code != 0):
            # The words could not be printed; or a library that can't even start ended the process in its own.
            hold(self.settled(world) or result.code != 0, f"said to be done, and is not: {result.out}{result.err}")
        else:
            self.hold_truth(world, result)
        self.rules(world)
        hold(not self.scenario.makes or not any(name.startswith(".carnet-") for name in os.listdir(world.at("in"))),
             "what was not finished is left beside the file")
        self.finish(world)
        world.remove()

    def hold_truth(self, world, result):
        """The outcome is one of the table, is said with what to do, and is what happened."""
        done = self.settled(world) and self.made(world)
        document = result.document()
        where = f"exit {result.code}: {result.out}{result.err}"
        hold(result.code in KNOWN, f"not an outcome: {where}")
        if result.code == 0:
            hold(done or self.is_warned(world, result), f"said to be done, and is not: {where}")
            return
        hold(is_refusal(document), f"refused without a word: {where}")
        hold(document["exit"] == result.code, f"the JSON says another outcome: {where}")
        words = document["message"] + " " + document.get("next", "")
        hold(document.get("next"), f"it does not say what to do next: {where}")
        if self.settled(world) and self.before != self.after:
            hold("nothing was changed" not in words.lower(), f"said to be undone, and is done: {where}")
        elif not self.settled(world) and "may be recorded or not" not in words:
            hold("recorded" not in words, f"said to be recorded, and is not: {where}")


    def is_warned(self, world, result):
        """Done but for the word that goes back to the administrator, and a warning says so (the license works)."""
        lacking = set(self.after or ()) - set(self.project(world) or ())
        return "its activation for the administrator was not written" in result.out + result.err and \
            all(row.startswith("sent ") and " activation " in row for row in lacking)

    # ---- power cuts ----

    def record_cuts(self):
        done = self.base.copy()
        ops, result = power.record(done, self.scenario.words, self.extra)
        hold(result.code == self.first, f"recorded, it ends with {result.code}: {result.out}{result.err}")
        self.modes = power.modes_of(self.base) | power.modes_of(done)
        done.remove()
        return ops

    def cut_at(self, told, files):
        world = power.materialise(self.base, files, self.modes)
        self.rules(world)
        done = self.settled(world) and self.made(world)
        hold(done or not told, "it was said to be done, and is gone")
        self.finish(world)
        world.remove()


def is_refusal(document):
    return document is not None and "exit" in document and bool(document.get("message"))


def points_of(matrix, long):
    """Where to kill: in the long form at every call; in the short one at a sample of those that change something."""
    calls = matrix.calls if long else [c for c in matrix.calls if c.touches and c.name in CHANGING]
    return strided(calls, 0 if long else SHORT_KILLS)


def errors_of(matrix, long):
    # A fault hits every process of the command at its own k-th call: where another one has as many, it is not this call alone.
    points = [(c, e, lasting) for c in matrix.calls if (c.touches or long) and c.name in ERRORS and not c.shared
              for e in ERRORS[c.name] for lasting in (False, True) if not lasting or c.touches]
    if long:
        return points, 1
    chosen, stride = strided([p for p in points if p[0].name in CHANGING], SHORT_ERRORS)
    # Never left to the sample: what the log holds can't be brought into the ledger's file.
    into_file = [p for p in points if p[0].name == "pwrite64" and "/ledger.db>" in p[0].line and p[1] == "EIO"]
    return chosen + into_file[:2], stride


class Count:
    def __init__(self):
        self.points = self.recoveries = self.broken = 0


def each(jobs, work, points):
    """Runs `work` on every point; gives (point, result or the rule that broke)."""
    def guarded(point):
        try:
            return point, work(point), None
        except Broken as broken:
            return point, None, broken
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(guarded, points)


def told(matrix, what, point, broken):
    print(f"BROKEN {matrix.scenario.name}: {what} at {point}: {str(broken)[:1500]}", flush=True)


def run_kill(matrix, options, count):
    """In the short form the run after a kill is killed once, at a call drawn by lot (the seed is fixed); in the long form
    at every LONG_TURNS-th of its changing calls, in turn, for each kill that leaves files of another shape behind."""
    points, stride = points_of(matrix, options.long)
    changing = [c for c in matrix.calls if c.touches and c.name in CHANGING]
    lot = random.Random(matrix.scenario.name)
    shapes = {}
    work = [(c, [] if options.long else [lot.choice(changing)]) for c in points]
    def record(call, recovery, result, broken):
        if broken:
            count.broken += 1
            told(matrix, "killed", f"{call.name} {call.k}, then {[(c.name, c.k) for c in recovery]}", broken)
        else:
            count.recoveries += result[0]
            shapes.setdefault(result[1], call)
    for point, result, broken in each(options.jobs, lambda p: matrix.kill_at(*p), work):
        count.points += 1
        record(*point, result, broken)
    known = dict(shapes) if options.long else {}
    second = [(call, [other]) for turn, call in enumerate(known.values()) for other in changing[turn % LONG_TURNS::LONG_TURNS]]
    for point, result, broken in each(options.jobs, lambda p: matrix.kill_at(*p), second):
        record(*point, result, broken)
    return f"{len(points)} points (every {stride}.), in the run after {len(second) or len(points)}, {matrix.missed} not reached"


def run_errors(matrix, options, count):
    points, stride = errors_of(matrix, options.long)
    for (call, error, lasting), _, broken in each(options.jobs, lambda p: matrix.fail_at(*p), points):
        count.points += 1
        if broken:
            count.broken += 1
            told(matrix, error + (" from there on" if lasting else ""), f"{call.name} {call.k} ({call.line[:100]})", broken)
    return f"{len(points)} failing calls (every {stride}.), {matrix.missed} not reached"


def run_power(matrix, options, count):
    ops = matrix.record_cuts()
    points, stride = strided(list(power.states(matrix.base, ops, LONG_DRAWS if options.long else SHORT_DRAWS,
                                               matrix.scenario.name)), 0 if options.long else SHORT_CUTS)
    for (cut, _, _), _, broken in each(options.jobs, lambda p: matrix.cut_at(p[1], p[2]), points):
        count.points += 1
        if broken:
            count.broken += 1
            told(matrix, "power cut", f"operation {cut} of {len(ops)}", broken)
    return f"{len(points)} states (every {stride}.) of {len(ops)} operations"


def run_all(lab, options, work, names):
    count = Count()
    for scenario in SCENARIOS:
        if names and scenario.name not in names:
            continue
        began = time.monotonic()
        try:
            matrix = Matrix(lab, scenario, options.extra)
            words = work(matrix, options, count)
        except Broken as broken:
            count.broken += 1
            words = f"BROKEN before any fault: {broken}"
        print(f"{scenario.name}: {words}, {time.monotonic() - began:.1f} s", flush=True)
    return count


def controls(lab, options):
    """With a guard taken away, each kind of test has to find something."""
    blind = 0
    options.long = False
    for weak, work in (("transaction", run_kill), ("synchronous", run_power)):
        options.extra = {"LD_PRELOAD": os.path.abspath(options.weak), "CARNET_WEAK": weak}
        count = run_all(lab, options, work, ["assign", "replace", "free"])
        print(f"control: without {weak}, {count.broken} of {count.points} points are broken")
        blind += count.broken == 0
    return 1 if blind else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--programs", required=True)
    parser.add_argument("--source", required=True)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--only", action="append")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--weak", metavar="SHIM", help="the library of weak.c, for the controls")
    parser.add_argument("what", choices=["kill", "errors", "power", "controls"])
    options = parser.parse_args()
    options.extra = None
    lab = Lab(options.programs.split(":"), options.source)
    try:
        if options.what == "controls":
            return controls(lab, options)
        count = run_all(lab, options, {"kill": run_kill, "errors": run_errors, "power": run_power}[options.what],
                        options.only)
    finally:
        lab.close()
    print(f"{options.what}: {count.points} points, {count.recoveries} kills of the run after, {count.broken} broken")
    return 1 if count.broken or not count.points else 0


if __name__ == "__main__":
    sys.exit(main())
