// What ONNX Runtime refuses for want of memory or of a provider, said in our words.
import { describe, expect, it } from "vitest";
import { NetworkBuilder } from "../../graph/build.ts";
import { onnxRuntime } from "./onnx-runtime.ts";

describe("onnxRuntime", () => {
  it("says that memory is used up", async () => {
    const b = new NetworkBuilder("huge");
    const wide = b.layer("Expand", [b.input("x", [1]), b.constant("shape", "int64", [2 ** 20, 2 ** 20])]);
    b.output(b.layer("ReduceMax", [wide], { attributes: { keepdims: 0 } }));
    const session = await onnxRuntime().open(b.graph());
    const feeds = { x: { dtype: "float32", shape: [1], data: Float32Array.of(1) } } as const;
    await expect(session.run(feeds)).rejects.toMatchObject({ code: "too-little-memory" });
    await session.close();
  });

  it("says that a provider is not there", async () => {
    const b = new NetworkBuilder("small");
    b.output(b.layer("Neg", [b.input("x", [1])]));
    const absent = process.platform === "darwin" ? "dml" : "coreml";
    await expect(onnxRuntime({ provider: absent }).open(b.graph())).rejects.toMatchObject({
      code: "no-provider",
      message: expect.stringContaining("this build has cpu"),
    });
    expect(await onnxRuntime({ provider: absent }).convolutionBlock?.()).toBeUndefined();
  });
});
