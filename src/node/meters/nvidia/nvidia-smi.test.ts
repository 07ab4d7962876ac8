import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { programMachine } from "../../../../test/machine/program-machine.ts";
import type { Found, PowerSource } from "../../../measure/power-source.ts";
import { childStream } from "../child-stream.ts";
import { nvidiaSmi, parseSmiLine, smiNumber } from "./nvidia-smi.ts";

const TWO = "0, GPU-a, NVIDIA A100-SXM4-40GB, 400.00, 61.25\n1, GPU-b, Tesla T4, 70.00, [N/A]\n";
const sources = (found: readonly Found[]) =>
  found.flatMap((entry): PowerSource[] => ("source" in entry ? [entry.source] : []));
const reasons = (found: readonly Found[]) => found.flatMap((entry) => ("unusable" in entry ? [entry.unusable] : []));

describe("lines of nvidia-smi", () => {
  it("are numbers or missing, never 0 for a word", () => {
    expect(smiNumber("61.25")).toBe(61.25);
    expect(smiNumber("61.25 W")).toBe(61.25);
    for (const word of ["[N/A]", "[Not Supported]", "ERR!", "[Unknown Error]", "[GPU is lost]", "", "-1", "1e5x"]) {
      expect(smiNumber(word)).toBeUndefined();
    }
  });

  it("survive any garbage", () => {
    expect(parseSmiLine("0, GPU-a, NVIDIA A100, 400.00, ERR!")).toMatchObject({
      index: 0,
      limitW: 400,
      powerW: undefined,
    });
    for (const line of ["", "No devices were found", "index, uuid, name, power.limit [W]", "0, GPU-a, A100, 400"]) {
      expect(parseSmiLine(line)).toBeUndefined();
    }
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("0", "GPU-", ",", " ", "[N/A]", "7.5", "x", "\r"), { maxLength: 15 }),
        (parts) => {
          const parsed = parseSmiLine(parts.join(""));
          if (parsed?.powerW !== undefined) expect(Number.isFinite(parsed.powerW)).toBe(true);
        },
      ),
      { seed: 5 },
    );
  });
});

describe("nvidia-smi as a meter", () => {
  it("keeps one program running for all GPUs and reads its newest lines", () => {
    const machine = programMachine({
      answer: (program) => (program === "nvidia-smi" ? TWO.replace("[N/A]", "9") : undefined),
    });
    const [a, b] = sources(nvidiaSmi.find(machine)) as [PowerSource, PowerSource];
    expect(a.info).toMatchObject({
      id: "nvidia-smi/GPU-a/power",
      kind: "integrated",
      maxPowerW: 400,
      dutyRatio: 0.25,
      updatePeriodS: 0.2,
    });
    expect(b.info.dutyRatio).toBeUndefined();
    expect(machine.streams).toHaveLength(1);
    const [stream] = machine.streams;
    expect(stream?.args).toContain("--loop-ms=200");
    expect(a.read()).toBeUndefined();
    stream?.print(TWO);
    expect([a.read(), b.read()]).toEqual([{ powerW: 61.25 }, undefined]);
    machine.setTime(0.5);
    stream?.print("1, GPU-b, Tesla T4, 70.00, 31.5");
    machine.setTime(1.2);
    expect([a.read(), b.read()]).toEqual([undefined, { powerW: 31.5 }]); // a's last line is too old
    a.close();
    expect([a.read(), b.read(), stream?.closed]).toEqual([undefined, { powerW: 31.5 }, false]);
    b.close();
    expect(stream?.closed).toBe(true);
  });

  it("is missing when the program dies", () => {
    const machine = programMachine({ answer: () => TWO });
    const [a] = sources(nvidiaSmi.find(machine)) as [PowerSource];
    machine.streams[0]?.print(TWO);
    machine.streams[0]?.end("nvidia-smi ended with code 15");
    expect(a.read()).toBeUndefined();
  });

  it("asks again without the field that an old driver does not know", () => {
    const machine = programMachine({
      answer: (_, args) =>
        args[0]?.includes("instant")
          ? { errno: "exit 2", stderr: 'Field "power.draw.instant" is not a valid field to query.' }
          : TWO,
    });
    const [a] = sources(nvidiaSmi.find(machine)) as [PowerSource];
    expect(a.info.provenance).toContain("nvidia-smi power.draw every");
    expect(machine.streams[0]?.args[0]).toBe("--query-gpu=index,uuid,name,power.limit,power.draw");
  });

  it("says why not: no program, no power, no driver, no way to keep it running", () => {
    expect(nvidiaSmi.find(programMachine())).toEqual([]);
    const plugged = programMachine({ files: { "/proc/driver/nvidia/gpus/0000:01:00.0/information": "" } });
    expect(reasons(nvidiaSmi.find(plugged))[0]?.reason).toContain("0000:01:00.0, but there is no program nvidia-smi");
    expect(reasons(nvidiaSmi.find(programMachine({ answer: () => TWO })))[0]?.reason).toContain("GPU 1 (Tesla T4)");
    expect(nvidiaSmi.find(programMachine({ answer: () => "No devices were found\n" }))).toEqual([]);
    const broken = programMachine({
      answer: () => ({ errno: "exit 9", stderr: "couldn't communicate with the driver\n" }),
    });
    expect(reasons(nvidiaSmi.find(broken))[0]?.reason).toBe("nvidia-smi: exit 9: couldn't communicate with the driver");
    const still = reasons(nvidiaSmi.find(programMachine({ answer: () => TWO, streams: false })));
    expect(still[0]?.reason).toContain("must keep running");
  });
});

describe.skipIf(process.platform === "win32")("a fake nvidia-smi as a real child process (a shell script)", () => {
  it("is listened to line by line, and ended on close", async () => {
    const folder = mkdtempSync(join(tmpdir(), "joulecast-smi-"));
    try {
      const path = join(folder, "nvidia-smi");
      writeFileSync(path, "#!/bin/sh\necho 0, GPU-a, T4, 70, 31.5\necho 0, GPU-a, T4, 70, 32.5\nread wait <&2\n");
      chmodSync(path, 0o755);
      const lines: string[] = [];
      const two = await new Promise<ReturnType<typeof childStream>>((resolve) => {
        const stream = childStream(path, ["--loop-ms=200"], (line) => {
          lines.push(line);
          if (lines.length === 2) resolve(stream);
        });
      });
      expect(lines.map((line) => parseSmiLine(line)?.powerW)).toEqual([31.5, 32.5]);
      two.close();
      expect(two.ended()).toBeDefined();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("tells what ended it", async () => {
    const endOf = async (program: string, args: string[]) => {
      const stream = childStream(program, args, () => undefined);
      for (let turn = 0; stream.ended() === undefined && turn < 1e6; turn += 1) await new Promise(setImmediate);
      return stream.ended();
    };
    expect(await endOf("/no/such/program", [])).toBe("/no/such/program: ENOENT");
    expect(await endOf("sh", ["-c", "exit 3"])).toContain("sh ended with code 3");
  });
});
