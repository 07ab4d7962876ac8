# The peers of sampler.mjs: a written-out loop that reads the files and appends rows, or CodeCarbon's own reader of RAPL counters,
# at a rate. One line per round: share of one core, memory in bytes, readings. Usage: loop.py loop|codecarbon RATE SECONDS ROUNDS OUT FOLDER FILE…
import os
import resource
import struct
import sys
import time

kind, rate, seconds, rounds, out, folder = sys.argv[1], float(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]), sys.argv[5], sys.argv[6]
files = sys.argv[7:]


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def loop():
    opened = [os.open(path, os.O_RDONLY) for path in files]
    log = open(out, "wb", buffering=1 << 16)
    start = flushed = time.monotonic()

    def turn():
        nonlocal flushed
        for i, file in enumerate(opened):
            joules = int(os.pread(file, 256, 0)) / 1e6
            log.write(struct.pack("<Hdd", i, time.monotonic() - start, joules))
        now = time.monotonic()
        if now - flushed >= 0.5:
            log.flush()
            flushed = now

    return turn


def codecarbon():
    """Its EmissionsTracker takes no folder, and does much else; its reader of the counters does take one."""
    from codecarbon.core.cpu import IntelRAPL
    from codecarbon.core.units import Time

    reader = IntelRAPL(rapl_dir=folder, rapl_include_dram=True)
    reader.start()
    period = Time.from_seconds(1 / rate)
    return lambda: reader.get_cpu_details(period)


turn = {"loop": loop, "codecarbon": codecarbon}[kind]()
start, turns = time.monotonic(), 0
for _ in range(rounds):
    before, began, first = cpu(), time.monotonic(), turns
    while time.monotonic() - began < seconds:
        turn()
        turns = max(turns + 1, int((time.monotonic() - start) * rate))
        time.sleep(max(0, start + turns / rate - time.monotonic()))
    ratio = (cpu() - before) / (time.monotonic() - began)
    print(ratio, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, (turns - first) * len(files), flush=True)
