#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""within.py MIB COMMAND...: runs it, and fails with 99 when it, or a process that it waited for, took more memory."""
import os
import subprocess
import sys

most = int(sys.argv[1])
child = subprocess.Popen(sys.argv[2:])
_, status, usage = os.wait4(child.pid, 0)
if usage.ru_maxrss > most * 1024:
    print(f"{usage.ru_maxrss / 1024:.1f} MiB, and not {most}: {' '.join(sys.argv[2:])}", file=sys.stderr)
    sys.exit(99)
print(f"# {usage.ru_maxrss / 1024:.1f} MiB, {usage.ru_utime + usage.ru_stime:.2f} s of computing", file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 98)
