import { describe, expect, it } from "vitest";
import { readCatalogue } from "../node/catalogue.ts";
import { cpuName, findCpu } from "./cpu-name.ts";

const catalogue = await readCatalogue();

describe("findCpu", () => {
  it.each([
    ["Intel(R) Xeon(R) Gold 5220 CPU @ 2.20GHz", "xeon-gold-5220"],
    ["Intel(R) Xeon(R) CPU E5-2620 v4 @ 2.10GHz", "xeon-e5-2620-v4"],
    ["Intel(R) Core(TM) i7-8650U CPU @ 1.90GHz", "core-i7-8650u"],
    ["11th Gen Intel(R) Core(TM) i9-11900KF @ 3.50GHz", "core-i9-11900kf"],
    ["12th Gen Intel(R) Core(TM) i5-12500", "core-i5-12500"],
    ["Apple M2", "apple-m2"],
  ])("knows %s", (model, id) => {
    expect(findCpu(catalogue, model)?.id).toBe(id);
  });
  it.each(["AMD EPYC", "Intel(R) Xeon(R) Gold 5222 CPU @ 3.80GHz", ""])("takes no other chip for %j", (model) => {
    expect(findCpu(catalogue, model)).toBeUndefined();
  });
  it("leaves out what makers add", () => {
    expect(cpuName("AMD Ryzen 9 5950X 16-Core Processor")).toBe("AMD Ryzen 9 5950X");
  });
});
