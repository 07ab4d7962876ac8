// The devices of @huggingface/tasks: every one passes our own parser and none has two ids.
import { describe, expect, it } from "vitest";
import { findDevice } from "./find.ts";
import { loadTailDevices, tailDevices } from "./long-tail.ts";
import { parseHardware } from "./parse.ts";

describe("tailDevices", () => {
  it("reads rates as the package means them: float32 for processors and old GPUs, float16 for the others", () => {
    const devices = tailDevices({
      GPU: {
        NVIDIA: {
          "GTX 1080 Ti": { tflops: 11.34, power: 250, memory: [11], computeCapability: 6.1 },
          P100: { tflops: 19.05, power: 300, memory: [16], computeCapability: 6 },
        },
        AMD: { MI210: { tflops: 181, power: 300, memory: [64] }, Broken: { tflops: 0, power: 300 } },
      },
      CPU: { Intel: { "Xeon 3th Generation (Ice Lake)": { tflops: 0.8, power: 270 } } },
      "Apple Silicon": { "-": { "Apple M1 Max": { tflops: 10.4, power: 60, memory: [32, 64] } } },
    });
    const rows = devices.map((d) => [d.id, d.name, d.kind, ...Object.keys(d.peakFlopsPerS), d.tdpW!.value]);
    expect(rows).toEqual([
      ["gtx-1080-ti", "NVIDIA GTX 1080 Ti", "gpu", "float32", 250],
      ["p100", "NVIDIA P100", "gpu", "float16", 300],
      ["mi210", "AMD MI210", "gpu", "float16", 300],
      ["xeon-3th-generation-ice-lake", "Intel Xeon 3th Generation (Ice Lake)", "cpu", "float32", 270],
      ["apple-m1-max", "Apple M1 Max", "soc", "float32", 60],
    ]);
    expect(devices[0]!.peakFlopsPerS.float32!.value).toBeCloseTo(11.34e12, 0);
    expect(devices[3]).not.toHaveProperty("memoryBytes");
    expect(devices[4]!.memoryBytes).toMatchObject({ value: 64 * 2 ** 30, low: 32 * 2 ** 30 });
  });
});

describe("loadTailDevices", () => {
  it("gives over 200 valid devices with ids of their own", async () => {
    const devices = await loadTailDevices();
    expect(devices.length).toBeGreaterThan(200);
    for (const each of devices) expect(parseHardware(each, each.id)).toEqual(each);
    expect(new Set(devices.map(({ id }) => id)).size).toBe(devices.length);
    expect(findDevice(devices, "dgx spark").id).toBe("gb10");
  });
});
