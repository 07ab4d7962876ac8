// Ctrl-C while fades are drawn: the command runs in this process.
import { setImmediate } from "node:timers/promises";
import { expect, it } from "vitest";
import { linkCapacity } from "./link-capacity.ts";

it("tells what it has drawn so far when it is interrupted", async () => {
  const handlers = () => process.listeners("SIGINT");
  const before = handlers().length;
  const context = { version: "", rest: undefined, commands: async () => [], progress: () => undefined };
  const running = linkCapacity.run([], { channel: "tdl-c", draws: "1e7" }, context);
  while (handlers().length === before) await setImmediate();
  (handlers().at(-1) as () => void)();
  const { exitCode, result, remarks } = await running;
  expect(exitCode).toBe(130);
  expect(remarks?.join()).toMatch(/^interrupted after [\d,]+ of 10,000,000 draws$/);
  expect((result.rows as readonly { readonly rateBps: number }[])[0]!.rateBps).toBeGreaterThan(0);
});
