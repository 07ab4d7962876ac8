// Files that are no ONNX, or are cut or damaged: what is said of them, and what would help.
import { describe, expect, it } from "vitest";
import { bytesOf, model, node, opset, refusal, relu, tensor } from "../../test/support/hand-made-onnx.ts";
import { Message } from "./pieces.ts";
import { concatenate } from "./repack.ts";

const text = (content: string): Uint8Array => Uint8Array.from(content, (char) => char.charCodeAt(0));

describe("what is no ONNX", () => {
  const header = text('{"__metadata__":{}}');
  it.each([
    ["empty-file", "m.onnx", new Uint8Array(0), /export/],
    ["not-onnx", "m.pt", text("PK\x03\x04 a checkpoint"), /torch\.onnx\.export/],
    ["not-onnx", "m.pkl", Uint8Array.of(0x80, 2, 0x8a, 0x0a), /torch\.onnx\.export/],
    [
      "not-onnx",
      "m.safetensors",
      concatenate([Uint8Array.of(header.length, 0, 0, 0, 0, 0, 0, 0), header]),
      /optimum-cli export onnx/,
    ],
    ["not-onnx", "m.tflite", text("\x1c\0\0\0TFL3\x14\0\x20\0"), /python -m tf2onnx\.convert --tflite/],
    ["not-onnx", "m.h5", text("\x89HDF\r\n\x1a\n"), /model\.export/],
    ["not-onnx", "m.json", text('{"format": "graph-model"}'), /\.onnx/],
    ["not-onnx", "m.html", text("<!DOCTYPE html><html>"), /fetch/],
    ["not-onnx", "m.onnx", text("version https://git-lfs.github.com/spec/v1\noid"), /git lfs pull/],
    ["not-onnx", "m.gguf", text("GGUF\x03\0\0\0"), /optimum-cli/],
    ["not-onnx", "saved_model.pb", Uint8Array.of(8, 1), /--saved-model/],
    ["not-onnx", "m.onnx", Uint8Array.of(0x3a, 0), /export/],
    ["damaged-onnx", "m.onnx", Uint8Array.of(0x07), /export/],
    ["damaged-onnx", "m.onnx", Uint8Array.of(0, 0, 0, 0), /export/],
    [
      "damaged-onnx",
      "m.onnx",
      Uint8Array.of(0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1),
      /export/,
    ],
    ["truncated", "m.onnx", Uint8Array.of(0x3a, 0xff, 0xff, 0xff, 0xff, 0x7f), /export/],
    ["truncated", "m.onnx", Uint8Array.of(0x08), /export/],
  ])("is refused as %s: %s", async (code, name, bytes, hint) => {
    const error = await refusal(bytes, name);
    expect(error.code).toBe(code);
    expect(error.message).toContain(name);
    expect(error.hint).toMatch(hint);
  });

  it("is refused at every cut", async () => {
    const whole = model({ nodes: [relu], weights: [tensor("w", [4], 1).data(9, new Uint8Array(16))] });
    const graphEnd = whole.length - bytesOf(new Message().message(8, opset(17))).length;
    for (let length = 0; length < graphEnd; length++) {
      const error = await refusal(whole.subarray(0, length));
      expect(["empty-file", "truncated", "not-onnx"]).toContain(error.code);
    }
  });

  it("is refused when it nests without end", async () => {
    let body = new Message().message(1, relu);
    for (let i = 0; i < 300; i++)
      body = new Message().message(1, node("If", [], []).message(5, new Message().message(6, body)));
    const error = await refusal(bytesOf(new Message().message(7, body)));
    expect([error.code, error.message]).toEqual(["damaged-onnx", expect.stringContaining("deep")]);
  });
});
