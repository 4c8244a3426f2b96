"""Runs one command and prints what it cost, as JSON on standard output; the command's own output goes to a file.

A program of its own because a child's peak memory starts at that of the process that starts it: this one is small.
"""

import os
import sys
import time


def main(output: str, command: list[str]) -> None:
    log = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    null = os.open(os.devnull, os.O_RDONLY)
    redirections = [(os.POSIX_SPAWN_DUP2, null, 0), (os.POSIX_SPAWN_DUP2, log, 1), (os.POSIX_SPAWN_DUP2, log, 2)]
    started = time.perf_counter()
    pid = os.posix_spawnp(command[0], command, os.environ, file_actions=redirections)
    _, status, usage = os.wait4(pid, 0)
    wall_s = time.perf_counter() - started
    code = os.waitstatus_to_exitcode(status)
    print(f"[{code}, {wall_s}, {usage.ru_utime + usage.ru_stime}, {usage.ru_maxrss / 1024}]")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
