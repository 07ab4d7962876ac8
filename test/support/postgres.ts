// A real PostgreSQL server for tests, in a folder of its own on a free port. Debian's programs, never installed here: a test without
// them is skipped. The server refuses to run as root: then it runs as the user that its package made.
import { execFileSync, spawnSync } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const VERSIONS = "/usr/lib/postgresql";

/** Folder of initdb and pg_ctl; undefined where they are not installed. */
function programs(): string | undefined {
  const versions = existsSync(VERSIONS) ? readdirSync(VERSIONS).sort((a, b) => Number(b) - Number(a)) : [];
  return [...versions.map((version) => join(VERSIONS, version, "bin")), "/usr/bin", "/usr/local/bin"].find(
    (folder) => existsSync(join(folder, "initdb")) && existsSync(join(folder, "pg_ctl")),
  );
}

/** The user that runs the server, where we are root. */
function serverUser(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}

export const hasPostgres = (): boolean => {
  if (programs() === undefined) return false;
  return process.getuid?.() !== 0 || spawnSync("id", ["postgres"], { stdio: "ignore" }).status === 0;
};

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

export interface TestPostgres {
  readonly address: string;
  /** Stops at once, dropping every connection, and starts again. */
  restart(): void;
  stop(): void;
}

export async function startPostgres(): Promise<TestPostgres> {
  const bin = programs()!;
  const user = serverUser();
  const folder = mkdtempSync(join(tmpdir(), "joulecast-postgres-"));
  if (user) chownSync(folder, user.uid, user.gid);
  const data = join(folder, "data");
  const run = (program: string, ...args: readonly string[]) =>
    execFileSync(join(bin, program), args, { ...user, cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  const port = await freePort();
  run("initdb", "--pgdata", data, "--username", "joulecast", "--auth", "trust", "--no-sync");
  const settings = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=${folder} -c fsync=off`;
  const start = () => run("pg_ctl", "--pgdata", data, "--wait", "--log", join(folder, "log"), "-o", settings, "start");
  start();
  return {
    address: `postgres://joulecast@127.0.0.1:${port}/postgres`,
    restart: () => {
      run("pg_ctl", "--pgdata", data, "--wait", "--mode", "immediate", "stop");
      start();
    },
    stop: () => {
      run("pg_ctl", "--pgdata", data, "--wait", "--mode", "immediate", "stop");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
