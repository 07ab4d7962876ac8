import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { expect, it, vi } from "vitest";
import { openInBrowser } from "./open-browser.ts";

it.skipIf(process.platform === "win32")("hands the browser a private file, never the token itself", async () => {
  const folder = mkdtempSync(join(tmpdir(), "joulecast-opener-"));
  try {
    const said = join(folder, "said");
    writeFileSync(join(folder, "xdg-open"), `#!/bin/sh\necho "$@" > ${said}.part && mv ${said}.part ${said}\n`);
    chmodSync(join(folder, "xdg-open"), 0o755);
    vi.stubEnv("PATH", `${folder}${delimiter}${process.env.PATH}`);
    const forget = openInBrowser("http://127.0.0.1:1/?token=secret", "linux");
    await vi.waitUntil(() => existsSync(said), { timeout: 10_000 });
    const file = readFileSync(said, "utf8").trim();
    expect(file).not.toContain("secret");
    expect(readFileSync(file, "utf8")).toContain("http://127.0.0.1:1/?token=secret");
    expect(statSync(file).mode & 0o077).toBe(0);
    forget();
    expect(existsSync(file)).toBe(false);
  } finally {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
  }
});
