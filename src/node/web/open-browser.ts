// Shows an address in the user's browser, by the program that each platform has for it. Whether it worked is not known: the
// address is printed as well. The program is given a file that leads there: other users see its words in the list of processes, and
// the address holds the token.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const OPENERS: Readonly<Record<string, readonly [program: string, ...args: string[]]>> = {
  darwin: ["open"],
  win32: ["rundll32", "url.dll,FileProtocolHandler"],
};

/** @returns removes the file that leads there */
export function openInBrowser(url: string, platform: string = process.platform): () => void {
  const folder = mkdtempSync(join(tmpdir(), "joulecast-open-"));
  const file = join(folder, "open.html");
  writeFileSync(file, `<meta http-equiv="refresh" content="0; url=${encodeURI(url)}">`, { mode: 0o600 });
  const [program, ...args] = OPENERS[platform] ?? ["xdg-open"];
  const child = spawn(program, [...args, file], { stdio: "ignore", detached: true });
  // No such program, no display: the printed address remains.
  child.on("error", () => undefined);
  child.unref();
  return () => rmSync(folder, { recursive: true, force: true });
}
