// The story of a receiver that learns: trained on simulated slots, used by link ber, estimated, and the study of the paper in its smallest form.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Json, resultOf, runCli, temporaryFolder } from "./run-cli.ts";

const folder = temporaryFolder();
const network = join(folder, "rx.onnx");
const SMALL = ["--width", "0.125", "--depth", "3", "--subcarriers", "12", "--modulation", "qpsk", "--batch", "4"];

describe("joulecast train deeprx", () => {
  it("learns from slots, is sized by its FLOPs, and gives the same twice", () => {
    const words = ["train", "deeprx", "--size", "1MFLOP", ...SMALL, "--steps", "30", "--no-measure", "--json"];
    const first = resultOf([...words, "--seed", "3"]);
    expect(first.epochs).toHaveLength(10);
    expect(first.epochs.at(-1).loss).toBeLessThan(first.epochs[0].loss);
    expect(first.settings.flopsPerSlot / 1e6).toBeCloseTo(1, 0);
    expect(resultOf([...words, "--seed", "3"]).epochs.map(({ loss }: Json) => loss)).toEqual(
      first.epochs.map(({ loss }: Json) => loss),
    );
    runCli([...words.slice(0, -1), "--seed", "3", "--out", network]);
    expect(existsSync(network)).toBe(true);
  });

  it("makes a file that link ber and estimate take, and that can teach", () => {
    const grid = ["--subcarriers", "12", "--channel", "tdl-a", "--modulation", "qpsk"];
    const { points } = resultOf([
      "link",
      "ber",
      ...grid,
      "--receiver",
      `${network},ls`,
      "--snr",
      "0:20:20",
      "--slots",
      "4",
      "--json",
    ]);
    expect(points.map(({ receiver }: Json) => receiver)).toContain(network);
    expect(resultOf(["estimate", network, "--on", "coral-edge-tpu", "--json"]).estimates[0].energyJ).toBeGreaterThan(0);
    const taught = resultOf([
      "train",
      "deeprx",
      "--size",
      "0.8MFLOP",
      ...SMALL,
      "--steps",
      "20",
      "--teacher",
      network,
      "--curriculum",
      "qpsk:0.5",
      "--no-measure",
      "--json",
    ]);
    expect(taught.end).toBe("finished");
  });

  it.each([
    [["--size", "9TFLOP"], /cannot be had/],
    [["--data", "x"], /takes no --data/],
    [["--subcarriers", "13"], /13 subcarriers/],
    [["--modulation", "8psk"], /8psk/],
    [["--recipe", "large"], /large/],
    [["--resume"], /--resume needs --checkpoint/],
    [["--no-t2"], /--no-t2 needs a teacher/],
    [["--curriculum", "256qam:0.5", "--modulation", "qpsk"], /cannot learn/],
  ])("refuses %j", (words, message) => {
    const run = runCli(["train", "deeprx", ...words, "--steps", "4", "--no-measure"]);
    expect(run.stderr).toMatch(message);
    expect(run.status).toBe(2);
  });
});

describe("joulecast reproduce deeprx", () => {
  it("makes every figure and table, says that the smallest scale is no evidence, and goes on where it was", () => {
    const out = join(folder, "study");
    const words = [
      "reproduce",
      "deeprx",
      "--scale",
      "smoke",
      "--steps",
      "10",
      "--folder",
      out,
      "--no-measure",
      "--json",
    ];
    const made = resultOf(words);
    expect(made).toMatchObject({ scale: "smoke", done: made.trainings });
    expect(made.evidence).toContain("not evidence");
    const row = (item: RegExp) => made.rows.find((one: Json) => item.test(one.item));
    expect(row(/size of the student/)).toMatchObject({ published: 11 });
    expect(row(/size of the student/).ours).toBeCloseTo(10.6, 1);
    expect(row(/gain of distilling/)).toMatchObject({ published: 4 });
    expect(row(/outweighs/).note).toContain("erratum");
    expect(row(/distilled minus from scratch/).note).toContain("one seed says nothing");
    const html = readFileSync(join(out, "deeprx.html"), "utf8");
    for (const title of [
      "Fig 1",
      "Fig 2",
      "Fig 3",
      "Fig 4",
      "Table III",
      "Fig 5",
      "Fig 6",
      "Beyond the paper",
      "pruned",
    ])
      expect(html).toContain(title);
    expect(resultOf(words).rows).toEqual(made.rows);
  }, 120_000);
});
