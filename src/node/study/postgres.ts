// PostgreSQL as the store that several machines share: connecting, our tables, and waiting out a server that restarts. What a study
// keeps there is shared-study.ts; the queue of jobs is pg-boss's own schema beside it.
import type PgBoss from "pg-boss";
import { InputError } from "../../units/input-error.ts";
import { loadOptional } from "../optional-package.ts";

/** Changes whenever the tables do. */
const VERSION = 2;
/** Schema version of the pg-boss that this was written for: shared-study.ts knows its tables. */
const QUEUE_VERSION = 24;
const QUEUE_SCHEMA = "joulecast_queue";
/** How long a server may be away before we give up, s, and the pause between attempts, ms. */
const PATIENCE_S = 300;
const PAUSE_MS = 500;

const TABLES = `
  CREATE SCHEMA IF NOT EXISTS joulecast;
  CREATE TABLE IF NOT EXISTS joulecast.version (version int NOT NULL);
  CREATE TABLE IF NOT EXISTS joulecast.study (
    id text PRIMARY KEY, name text NOT NULL, plan text NOT NULL, hardware text, created_at timestamptz NOT NULL DEFAULT now());
  CREATE TABLE IF NOT EXISTS joulecast.record (
    study text NOT NULL REFERENCES joulecast.study (id), trial text NOT NULL, record jsonb NOT NULL, samples bytea,
    PRIMARY KEY (study, trial));
  CREATE TABLE IF NOT EXISTS joulecast.lease (
    job uuid PRIMARY KEY, queue text NOT NULL, study text NOT NULL, trial text NOT NULL, agent text NOT NULL,
    lease_s double precision NOT NULL, renewed_at timestamptz NOT NULL DEFAULT now());
  CREATE TABLE IF NOT EXISTS joulecast.lost (
    study text NOT NULL, trial text NOT NULL, times int NOT NULL, PRIMARY KEY (study, trial));
`;

/** Two programs may make the tables at once: the second waits. Any number that only we use. */
const SETUP_LOCK = 7_304_551;

export type SqlRow = Readonly<Record<string, unknown>>;

/** An open store. Close it when done. */
export interface Postgres {
  readonly boss: PgBoss;
  /** Runs one statement; waits and tries again while the server is away. */
  query(text: string, values?: readonly unknown[]): Promise<readonly SqlRow[]>;
  /** Does something with the queue, in the same patient way. */
  patiently<T>(work: () => Promise<T>): Promise<T>;
  /** Time since a statement last failed because the server was away, s; infinite where none has. */
  sinceAwayS(): number;
  close(): Promise<void>;
}

/** SQLSTATEs and Node codes of a server that is away and may come back: shutting down, starting, connection lost. */
const AWAY = new Set([
  "57P01",
  "57P02",
  "57P03",
  "08000",
  "08003",
  "08006",
  "53300",
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
]);

/** SQLSTATEs of a statement that was rolled back because it and another waited for each other: it may be tried again at once. */
const COLLIDED = new Set(["40P01", "40001"]);

const codeOf = (error: unknown): string => String((error as { readonly code?: unknown } | null)?.code ?? "");

function isAway(error: unknown): boolean {
  const message = error instanceof Error ? error.message : "";
  return AWAY.has(codeOf(error)) || /terminat|connection.*(closed|ended|timeout)|not queryable/i.test(message);
}

/** What a server's refusal means to the person who gave its address. */
const REFUSALS: Readonly<Record<string, readonly [why: string, hint: string]>> = {
  ECONNREFUSED: ["nothing listens there", "start PostgreSQL, or correct host and port"],
  ENOTFOUND: ["no such host", "correct the host"],
  EAI_AGAIN: ["the host's name cannot be looked up", "correct the host, or the network"],
  ETIMEDOUT: ["no answer", "correct the host, or open its firewall"],
  "28P01": ["wrong password", "correct user and password"],
  "28000": ["the user may not come in", "correct the user, or the server's pg_hba.conf"],
  "3D000": ["there is no such database", "make it: createdb NAME"],
  "42501": ["the user may not make tables", "GRANT CREATE ON DATABASE … TO …"],
};

/** The address without its password. */
function shownAddress(address: string): string {
  return address.replace(/\/\/([^:@/]+):[^@]*@/, "//$1:***@");
}

function refusal(error: unknown, address: string): unknown {
  if (error instanceof InputError) return error;
  const inner = (error as { readonly errors?: readonly unknown[] } | null)?.errors?.[0] ?? error;
  const known = REFUSALS[codeOf(inner)];
  if (known !== undefined)
    return new InputError("no-database", `cannot use ${shownAddress(address)}: ${known[0]}`, known[1]);
  return error;
}

/** What the database holds of ours already, by table and version. @throws InputError "other-version" */
async function checkVersions(query: (text: string) => Promise<readonly SqlRow[]>, address: string): Promise<void> {
  const [there] = await query(
    `SELECT to_regclass('joulecast.version') IS NOT NULL AS studies,
       to_regclass('${QUEUE_SCHEMA}.version') IS NOT NULL AS queue`,
  );
  const versionIn = async (table: string): Promise<unknown> =>
    (await query(`SELECT version FROM ${table}`))[0]?.version;
  const found = [
    ["studies of table version", there!.studies ? await versionIn("joulecast.version") : undefined, VERSION],
    ["a queue of pg-boss schema", there!.queue ? await versionIn(`${QUEUE_SCHEMA}.version`) : undefined, QUEUE_VERSION],
  ] as const;
  for (const [what, theirs, ours] of found)
    if (theirs !== undefined && theirs !== ours)
      throw new InputError(
        "other-version",
        `${shownAddress(address)} holds ${what} ${theirs}, this program has ${ours}`,
        "use the same version of joulecast everywhere, or another database",
      );
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Connects, and makes the tables where they are not there.
 * @param address "postgres://user:password@host:port/database"
 * @throws InputError "no-postgres" without the package, "bad-address", "no-database", "other-version"
 */
export async function openPostgres(address: string): Promise<Postgres> {
  if (!/^postgres(ql)?:\/\//.test(address))
    throw new InputError(
      "bad-address",
      `"${address}" is no address of a database`,
      "write --store postgres://user@host/database",
    );
  const { default: Boss } = await loadOptional("no-postgres", "pg-boss", () => import("pg-boss"));
  const boss = new Boss({
    connectionString: address,
    schema: QUEUE_SCHEMA,
    application_name: "joulecast",
    max: 4,
    schedule: false,
  });
  // Told by the next statement that fails; without a listener Node would end the program.
  boss.on("error", () => undefined);
  let awayMs = Number.NEGATIVE_INFINITY;
  const patiently = async <T>(work: () => Promise<T>): Promise<T> => {
    const untilMs = performance.now() + PATIENCE_S * 1000;
    for (;;)
      try {
        return await work();
      } catch (error) {
        const hasCollided = COLLIDED.has(codeOf(error));
        if (!(hasCollided || isAway(error)) || performance.now() > untilMs) throw refusal(error, address);
        if (hasCollided) continue;
        awayMs = performance.now();
        await pause(PAUSE_MS);
      }
  };
  const query = (text: string, values: readonly unknown[] = []) =>
    patiently(async () => (await boss.getDb().executeSql(text, [...values])).rows as readonly SqlRow[]);
  const db = boss.getDb() as ReturnType<typeof boss.getDb> & {
    readonly opened?: boolean;
    open(): Promise<void>;
    close(): Promise<void>;
  };
  try {
    // Before pg-boss starts: it would carry an older schema over, and take a newer one for its own.
    await db.open();
    await checkVersions(async (text) => (await db.executeSql(text, [])).rows as readonly SqlRow[], address);
    await boss.start();
    await boss
      .getDb()
      .executeSql(`BEGIN; SELECT pg_advisory_xact_lock(${SETUP_LOCK}); ${TABLES} COMMIT;`, undefined as never);
    const [found] = await query("SELECT version FROM joulecast.version");
    if (found === undefined) await query("INSERT INTO joulecast.version VALUES ($1)", [VERSION]);
  } catch (error) {
    await boss.stop({ graceful: false, wait: false }).catch(() => undefined);
    await db.close().catch(() => undefined);
    throw refusal(error, address);
  }
  return {
    boss,
    query,
    patiently,
    sinceAwayS: () => (performance.now() - awayMs) / 1000,
    close: async () => {
      await boss.stop({ graceful: false, wait: true, timeout: 2000 }).catch(() => undefined);
    },
  };
}
