// What the options of `prune` mean together, and what they cannot mean.
import { describe, expect, it } from "vitest";
import { pruneSettings } from "./prune-options.ts";

const settings = (options: Record<string, string>, model = "model.onnx") =>
  pruneSettings(model, { data: "synthetic:digits", ...options });

describe("pruneSettings", () => {
  it("tells the method by the target", () => {
    expect(settings({ threshold: "0.01" }).target).toEqual({ method: "threshold", threshold: 0.01 });
    expect(settings({ ratio: "50" }).target).toEqual({ method: "magnitude", ratio: 50, scope: "global" });
    expect(settings({ macs: "20%", scope: "layer" }).target).toEqual({
      method: "structured",
      macsRatio: 0.2,
      scope: "layer",
    });
    expect(settings({ macs: "0.2", method: "slimming", keep: "0" }).target).toMatchObject({
      method: "slimming",
      keepRatio: 0,
    });
  });

  it("warms up built-in networks only, and tunes when asked only", () => {
    expect(settings({ ratio: "2" })).toMatchObject({
      warmEpochs: 0,
      epochs: 0,
      gradual: 1,
      multiple: 8,
      l1: undefined,
    });
    expect(settings({ ratio: "2" }, "zoo:mnist-cnn").warmEpochs).toBe(3);
    expect(settings({ ratio: "2", warmEpochs: "0" }, "zoo:mnist-cnn").warmEpochs).toBe(0);
    expect(settings({ ratio: "2", l1: "0.9999", l1Lr: "1e-2" }).l1).toEqual({ mu: 0.9999, epochs: 4, rate: 0.01 });
    expect(settings({ ratio: "2" }).learning.schedule).toBe("cosine");
  });

  it.each([
    [{}, "no-target"],
    [{ method: "threshold" }, "no-target"],
    [{ method: "slimming" }, "no-target"],
    [{ ratio: "4", threshold: "1e-3" }, "no-effect"],
    [{ threshold: "1e-3", scope: "layer" }, "no-effect"],
    [{ ratio: "4", keep: "0.5" }, "no-effect"],
    [{ ratio: "4", l1Epochs: "2" }, "no-effect"],
    [{ ratio: "0.5" }, "out-of-range"],
    [{ macs: "2" }, "out-of-range"],
    [{ ratio: "4", l1: "1" }, "out-of-range"],
    [{ macs: "0.5", method: "structurd" }, "unknown-method"],
  ] as const)("refuses %j", (options, code) => {
    expect(() => settings(options)).toThrowError(expect.objectContaining({ code }));
  });
});
