import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, it } from "vitest";
import { temporaryHome } from "../../../test/support/stored-runs.ts";
import { THIS_MACHINE } from "../store/process-identity.ts";
import { startMarkServer } from "./server.ts";
import { claimFolder, sweepFolders } from "./stale-folders.ts";

const SERVER = resolve(import.meta.dirname, "../../../dist/node/marks/server.js");
const GONE = { ...THIS_MACHINE, isAlive: () => false };

it("removes the socket folder of a program that was killed, and no other", async () => {
  const folder = temporaryHome();
  const program = `import { startMarkServer } from ${JSON.stringify(pathToFileURL(SERVER).href)};
    await startMarkServer({ onMark: () => undefined, folder: ${JSON.stringify(folder)} });
    console.log("ready");
    setInterval(() => undefined, 1000);`;
  const killed = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(killed.stdout, "data");
  const [left] = readdirSync(folder);
  killed.kill("SIGKILL");
  await once(killed, "exit");
  const own = await startMarkServer({ onMark: () => undefined, folder });
  expect(sweepFolders(folder)).toEqual([join(folder, left!)]);
  expect(existsSync(own.socketPath)).toBe(process.platform !== "win32");
  await own.close();
  expect(readdirSync(folder)).toEqual([]);
});

it("leaves alone what does not say whose it is, what is named otherwise, and folders that are not there", () => {
  const folder = temporaryHome();
  for (const name of ["joulecast-abc123", "joulecast-store-x", "joulecast-broken"]) mkdirSync(join(folder, name));
  writeFileSync(join(folder, "joulecast-abc123", "journal.jnl"), "");
  claimFolder(join(folder, "joulecast-store-x"));
  writeFileSync(join(folder, "joulecast-broken", "owner.json"), "{");
  expect(sweepFolders(folder, GONE)).toEqual([]);
  claimFolder(join(folder, "joulecast-abc123"));
  expect(sweepFolders(folder)).toEqual([]);
  expect(sweepFolders(folder, { ...GONE, machine: () => "another boot" })).toEqual([]);
  expect(sweepFolders(folder, GONE)).toEqual([join(folder, "joulecast-abc123")]);
  expect(sweepFolders(join(folder, "nowhere"))).toEqual([]);
});
