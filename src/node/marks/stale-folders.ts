// The folder of a mark socket goes with the program that made it, but not when that was killed: the next start removes what is left.
// Each folder says whose it is; one without that word, or of a process that cannot be asked for, is left alone.
import { lstatSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { identify, isGone, type ProcessIdentity, type ProcessProbe, THIS_MACHINE } from "../store/process-identity.ts";

const OWNER = "owner.json";
/** Six characters of mkdtemp. */
const NAME = /^joulecast-[A-Za-z0-9]{6}$/;

/** Says in a folder that it is this process's. */
export function claimFolder(folder: string): void {
  writeFileSync(join(folder, OWNER), JSON.stringify(identify()), { mode: 0o600 });
}

function ownerOf(folder: string): ProcessIdentity | undefined {
  try {
    const about = lstatSync(folder);
    // In a folder for everybody, only our own: what another user put there is nothing to follow.
    if (!about.isDirectory() || (process.getuid !== undefined && about.uid !== process.getuid())) return undefined;
    const said = JSON.parse(readFileSync(join(folder, OWNER), "utf8"));
    return Number.isInteger(said?.pid) ? said : undefined;
  } catch {
    return undefined;
  }
}

/** Removes the claimed folders whose owner is surely gone. @returns their paths */
export function sweepFolders(folder: string = tmpdir(), probe: ProcessProbe = THIS_MACHINE): readonly string[] {
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  const stale = names
    .filter((name) => NAME.test(name))
    .map((name) => join(folder, name))
    .filter((path) => {
      const owner = ownerOf(path);
      // A socket is not written to: of another machine's process nothing can be concluded, so 0 s of silence.
      return owner !== undefined && isGone(owner, 0, probe);
    });
  for (const path of stale) rmSync(path, { recursive: true, force: true });
  return stale;
}
