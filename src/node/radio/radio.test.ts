// Networks as receivers and counts in files: small untrained DeepRx networks, written as real .onnx files.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { type LinkSetup, openLink } from "../../link/ber/chunk.ts";
import { runSweep } from "../../link/ber/sweep.ts";
import type { ExampleSetup } from "../../link/examples.ts";
import { planeCount, writePlanes } from "../../link/planes.ts";
import { writeOnnx } from "../../onnx/write.ts";
import { buildDeepRx, type DeepRxOptions } from "../../zoo/deeprx.ts";
import { writeWhole } from "../files.ts";
import { drawnWeights } from "../model.ts";
import { onnxRuntime } from "../runtime/onnx-runtime.ts";
import { exampleStream } from "./example-stream.ts";
import { linkPool } from "./link-pool.ts";
import { openNetworkReceiver, openReceivers } from "./network-receiver.ts";
import { receiverKey, sweepState } from "./sweep-state.ts";

const folder = mkdtempSync(join(tmpdir(), "joulecast-radio-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const setup: LinkSetup = {
  modulation: "16qam",
  channel: { name: "tdl-b" },
  grid: { subcarriers: 24 },
  antennas: 1,
};
const form: DeepRxOptions = { antennas: 1, bits: 4, subcarriers: 24, depth: 1, width: 0.1, seed: 3 };

async function written(name: string, options: DeepRxOptions): Promise<string> {
  const path = join(folder, name);
  await writeWhole(path, writeOnnx(buildDeepRx(options), drawnWeights));
  return path;
}

describe("a network as a receiver", () => {
  it("gets the planes of every slot, also of a last batch that is not full, and its answers are the ratios", async () => {
    const path = await written("small.onnx", form);
    const link = openLink(setup);
    const receiver = await openNetworkReceiver(path, link);
    const slots = Array.from({ length: 11 }, (_, i) => link.draw(link.empty(), 10, i));
    const llrs = slots.map(() => new Float32Array(4 * link.grid.size));
    await receiver.receive(slots, llrs);
    await receiver.close();
    const session = await onnxRuntime().open(buildDeepRx(form), { weights: drawnWeights, threads: 1 });
    for (const i of [0, 7, 8, 10]) {
      const planes = new Float32Array(planeCount(1) * link.grid.size);
      writePlanes(slots[i]!, planes);
      const { data } = Object.values(
        await session.run({ input: { dtype: "float32", shape: [1, 6, 14, 24], data: planes } }),
      )[0]!;
      for (let at = 0; at < llrs[i]!.length; at += 97) expect(llrs[i]![at]).toBeCloseTo(Number(data[at]), 4);
    }
    await session.close();
  });
  it("is refused where it does not fit, and what is no receiver is named", async () => {
    const link = openLink(setup);
    const wide = await written("wide.onnx", { ...form, subcarriers: 312 });
    await expect(openReceivers(["ls", wide], link)).rejects.toThrow(/6×14×312; 1 antenna on 24 subcarriers/);
    const few = await written("few.onnx", { ...form, bits: 2 });
    await expect(openReceivers([few], link)).rejects.toThrow(/×2×14×24; 4 bits/);
    await expect(openReceivers(["zoo:mnist-cnn"], link)).rejects.toThrow(/1×28×28; 1 antenna/);
    await expect(openReceivers(["lmse"], link)).rejects.toThrow(/unknown receiver "lmse"; nearest: lmmse/);
    const each = openLink({ ...setup, channel: { name: "rayleigh", fading: "re" } });
    await expect(openReceivers(["ls"], each)).rejects.toThrow(/pilots, which say nothing/);
  });
});

describe("linkPool", () => {
  it("counts the same in one thread and in several", async () => {
    const path = await written("pooled.onnx", form);
    const names = ["perfect", "lmmse", path];
    const counted = async (threads: number) => {
      const pool = await linkPool(setup, names, threads);
      const sweep = { snrsDb: [0, 12], receivers: 3, stop: { slots: 130 }, parallel: 2 * threads };
      const tallies = await runSweep({ ...sweep, run: pool.run });
      await pool.close();
      return tallies;
    };
    expect(await counted(2)).toEqual(await counted(1));
  });
  it("tells from the thread what is wrong", async () => {
    await expect(linkPool(setup, ["nobody"], 2)).rejects.toMatchObject({ code: "unknown-receiver" });
  });
});

describe("sweepState", () => {
  const tally = { slots: 50, bits: 5000, errors: 7, squares: 9 };
  it("keeps counts by SNR and receiver, also of points that are not asked for now", async () => {
    const path = join(folder, "state.json");
    await sweepState(path, setup, [0, 2], ["ls"]).save([[tally], [tally]]);
    const later = sweepState(path, setup, [2, 4], ["perfect", "ls"]);
    expect(later.earlier).toEqual([
      [undefined, tally],
      [undefined, undefined],
    ]);
    await later.save([
      [tally, tally],
      [tally, tally],
    ]);
    expect(sweepState(path, setup, [0], ["ls"]).earlier).toEqual([[tally]]);
  });
  it("refuses counts of another link, and files that hold none", async () => {
    const path = join(folder, "other.json");
    await sweepState(path, setup, [0], ["ls"]).save([[tally]]);
    expect(() => sweepState(path, { ...setup, antennas: 2 }, [0], ["ls"])).toThrow(/another link/);
    const text = readFileSync(path, "utf8");
    for (const bad of ["{", "[]", "null", text.replace('"errors":7', '"errors":-7')]) {
      writeFileSync(path, bad);
      expect(() => sweepState(path, setup, [0], ["ls"])).toThrow(/holds no counts/);
    }
  });
  it("knows a network by its content", async () => {
    const path = join(folder, "net.onnx");
    writeFileSync(path, "one");
    const first = await receiverKey(path);
    writeFileSync(path, "two");
    expect(await receiverKey(path)).not.toBe(first);
    expect(await receiverKey("ls")).toBe("ls");
  });
});

describe("slots to learn from", () => {
  it("come one turn of the loop apart, though they were drawn ahead: what is asked for during a step is heard before the next", async () => {
    const slots = { modulation: "qpsk", channels: ["tdl-b"], grid: { subcarriers: 12 }, pilots: [1], bits: 2, seed: 1 };
    const stream = exampleStream(slots as ExampleSetup, { batch: 1, batchesPerEpoch: 3, inputs: [] });
    const heard: boolean[] = [];
    let isHeard = true;
    try {
      for await (const _ of stream.epoch(1)) {
        heard.push(isHeard);
        // The first step is long enough for the other batches to come.
        if (heard.length === 1) for (let turn = 0; turn < 2000; turn++) await setImmediate();
        isHeard = false;
        void setImmediate().then(() => {
          isHeard = true;
        });
      }
    } finally {
      await stream.close();
    }
    expect(heard).toEqual([true, true, true]);
  });
});
