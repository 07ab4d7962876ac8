import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RECORDING, storedRun, temporaryHome } from "../../../test/support/stored-runs.ts";
import { type DatabaseOptions, withDatabase } from "./database.ts";
import { openSqlFile, type Sql } from "./duckdb.ts";
import { MIGRATIONS } from "./migrations.ts";
import { openStore, type Store } from "./runs.ts";

function store(database: Omit<DatabaseOptions, "path"> = {}, home = temporaryHome()): Store & { messages: string[] } {
  const messages: string[] = [];
  return { ...openStore({ home, database, onMessage: (message) => messages.push(message) }), messages };
}

const locked = () => new Error('IO Error: Could not set lock on file "x": Conflicting lock is held in node (PID 1)');

describe("the database", () => {
  it("waits while another process has the file, ever longer, and then goes on", async () => {
    let refusals = 7;
    const waits: number[] = [];
    const path = join(temporaryHome(), "x.duckdb");
    const open = async (file: string): Promise<Sql> => {
      if (refusals-- > 0) throw locked();
      return openSqlFile(file);
    };
    const wait = async (seconds: number) => void waits.push(seconds);
    const rows = await withDatabase({ path, open, wait, dice: () => 0.5 }, ({ sql }) =>
      sql.rows("SELECT max(version) AS v FROM schema_version"),
    );
    expect(rows).toEqual([{ v: MIGRATIONS.length }]);
    expect(waits).toEqual([0.01, 0.02, 0.04, 0.08, 0.16, 0.25, 0.25]);
  });

  it("gives up after its patience, and has not lost the run", async () => {
    let waitedS = 0;
    const wait = async (seconds: number) => {
      waitedS += seconds;
    };
    const busy = store({ open: async () => Promise.reject(locked()), wait, patienceS: 3 });
    await busy.saveRun(storedRun(1), RECORDING);
    expect(waitedS).toBeGreaterThanOrEqual(3);
    expect(waitedS).toBeLessThan(3.5);
    expect(busy.messages).toEqual([expect.stringContaining("run folders are whole")]);
    await expect(busy.listRuns()).rejects.toMatchObject({ code: "store-busy" });
    expect(await store({}, busy.paths.home).listRuns()).toHaveLength(1);
  });

  it("runs the uses of one process one after the other", async () => {
    const { saveRun, listRuns, messages } = store();
    await Promise.all(Array.from({ length: 6 }, (_, i) => saveRun(storedRun(i), RECORDING)));
    expect(await listRuns()).toHaveLength(6);
    expect(messages).toEqual([]);
  });

  it("brings a database of version 1 up to date and fills the new tables from the run folders", async () => {
    const { saveRun, paths, listRuns } = store();
    await saveRun(storedRun(1), RECORDING);
    rmSync(paths.database);
    await withDatabase({ path: paths.database, migrations: MIGRATIONS.slice(0, 1) }, async ({ sql }) => {
      await sql.run("INSERT INTO runs (id, command) VALUES ($1, 'as version 1 had it')", [storedRun(1).id]);
    });
    expect(await listRuns({ where: "id IN (SELECT runId FROM environments WHERE cores = 8)" })).toMatchObject([
      { command: storedRun(1).command },
    ]);
    const versions = await withDatabase({ path: paths.database }, ({ sql }) =>
      sql.rows("SELECT version FROM schema_version ORDER BY 1"),
    );
    expect(versions).toEqual(MIGRATIONS.map(({ version }) => ({ version })));
  });

  it("takes no half of a migration", async () => {
    const path = join(temporaryHome(), "x.duckdb");
    await withDatabase({ path }, async () => {});
    const next = {
      version: MIGRATIONS.length + 1,
      name: "fails",
      statements: ["CREATE TABLE half (x INTEGER)", "CREATE TABLE runs (x INTEGER)"],
    };
    await expect(withDatabase({ path, migrations: [...MIGRATIONS, next] }, async () => {})).rejects.toThrow(/runs/);
    const tables = await withDatabase({ path }, ({ sql }) =>
      sql.rows("SELECT table_name FROM information_schema.tables WHERE table_name = 'half'"),
    );
    expect(tables).toEqual([]);
  });

  it("leaves a newer database as it is, says so, and still keeps the run", async () => {
    const { paths } = store();
    const newer = [
      ...MIGRATIONS,
      { version: 99, name: "of tomorrow", statements: ["CREATE TABLE tomorrow (x INTEGER)"] },
    ];
    await withDatabase({ path: paths.database, migrations: newer }, async () => {});
    const before = readFileSync(paths.database);
    const today = store({}, paths.home);
    await today.saveRun(storedRun(1), RECORDING);
    await expect(today.listRuns()).rejects.toMatchObject({
      code: "newer-database",
      message: expect.stringContaining("schema 99"),
    });
    expect(today.messages).toEqual([expect.stringContaining("newer program")]);
    expect(readFileSync(paths.database).equals(before)).toBe(true);
    expect(today.getRun(storedRun(1).id)).toEqual(storedRun(1));
    expect(await store({ migrations: newer }, paths.home).listRuns()).toHaveLength(1);
  });

  it("knows the words of a DuckDB file that is too new", async () => {
    const open = async () =>
      Promise.reject(
        new Error(
          "IO Error: Trying to read a database file with version number 999, but we can only read versions between 64 and 67.",
        ),
      );
    await expect(store({ open }).listRuns()).rejects.toMatchObject({ code: "newer-database" });
  });

  it("puts a database of another program aside", async () => {
    const { saveRun, listRuns, paths, messages } = store({ asideName: () => "1" });
    const sql = await openSqlFile(paths.database);
    await sql.run("CREATE TABLE theirs (x INTEGER)");
    sql.close();
    await saveRun(storedRun(1), RECORDING);
    expect(await listRuns()).toHaveLength(1);
    expect(messages).toEqual([expect.stringContaining("another program")]);
    expect(readdirSync(paths.home)).toContain("joulecast.duckdb.broken-1");
  });

  it("loses no run whatever happens to its file", async () => {
    const { saveRun, paths } = store();
    for (const minute of [1, 2]) await saveRun(storedRun(minute), RECORDING);
    const sound = readFileSync(paths.database);
    const damage = fc.oneof(
      fc.integer({ min: 0, max: sound.length - 1 }).map((length) => sound.subarray(0, length)),
      fc.string({ minLength: 1 }).map((text) => Buffer.from(text)),
      fc.tuple(fc.nat(sound.length - 1), fc.integer({ min: 1, max: 255 })).map(([at, flip]) => {
        const bytes = Buffer.from(sound);
        for (let i = at; i < bytes.length; i += 101) bytes[i]! ^= flip;
        return bytes;
      }),
    );
    let count = 0;
    await fc.assert(
      fc.asyncProperty(damage, async (bytes) => {
        writeFileSync(paths.database, bytes);
        const again = store({ asideName: () => String(count++) }, paths.home);
        expect(await again.listRuns()).toHaveLength(2);
        expect(await again.listRuns({ where: "netJ > 0" })).toHaveLength(2);
      }),
      { numRuns: 25, seed: 3 },
    );
    expect(count).toBeGreaterThan(10);
  });
});
