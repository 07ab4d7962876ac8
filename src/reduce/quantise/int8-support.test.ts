import { describe, expect, it } from "vitest";
import { int8Support } from "./int8-support.ts";

describe("int8Support", () => {
  it("reads x86 and ARM", () => {
    const x86 = "processor\t: 0\nflags\t\t: fpu avx2 avx512f avx512_vnni\n";
    expect(int8Support(x86)).toEqual({ isFast: true, found: ["avx512_vnni"], saturates: false });
    expect(int8Support("flags : fpu avx2\n")).toEqual({ isFast: false, found: [], saturates: true });
    expect(int8Support("Features\t: fp asimd asimddp i8mm\n").found).toEqual(["asimddp", "i8mm"]);
    expect(int8Support("Features\t: fp asimd\n")).toEqual({ isFast: false, found: [], saturates: false });
  });

  it("does not guess", () => {
    for (const text of [undefined, "", "model name : some CPU\n", "flags :\n"])
      expect(int8Support(text)).toEqual({ isFast: undefined, found: [], saturates: false });
  });
});
