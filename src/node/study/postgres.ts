// PostgreSQL as the store that several machines share: connecting, our tables, and waiting out a server that restarts. What a study
// keeps there is shared-study.ts; the queue of jobs is pg-boss's own schema beside it.
import type PgBoss from "pg-boss";
import { InputError } from "../../units/input-error.ts";

/** Changes whenever the tables do. */
const VERSION = 1;
const QUEUE_SCHEMA = "joulecast_queue";
/** How long a server may be away before we give up, s, and the pause between attempts, ms. */
const PATIENCE_S = 120;
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
    renewed_at timestamptz NOT NULL DEFAULT now());
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
export function shownAddress(address: string): string {
  return address.replace(/\/\/([^:@/]+):[^@]*@/, "//$1:***@");
}

function refusal(error: unknown, address: string): unknown {
  const inner = (error as { readonly errors?: readonly unknown[] } | null)?.errors?.[0] ?? error;
  const known = REFUSALS[codeOf(inner)];
  if (known !== undefined)
    return new InputError("no-database", `cannot use ${shownAddress(address)}: ${known[0]}`, known[1]);
  const message = error instanceof Error ? error.message : String(error);
  if (/schema|version|migrat/i.test(message))
    return new InputError(
      "other-version",
      `${shownAddress(address)} was set up by another version of joulecast: ${message}`,
      "use the same version everywhere, or another database",
    );
  return error;
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
  const Boss = await import("pg-boss").then(
    (module) => module.default,
    () => {
      throw new InputError("no-postgres", "the package pg-boss cannot be loaded", "npm install pg-boss");
    },
  );
  const boss = new Boss({
    connectionString: address,
    schema: QUEUE_SCHEMA,
    application_name: "joulecast",
    max: 4,
    schedule: false,
  });
  // Told by the next statement that fails; without a listener Node would end the program.
  boss.on("error", () => undefined);
  const patiently = async <T>(work: () => Promise<T>): Promise<T> => {
    const untilMs = performance.now() + PATIENCE_S * 1000;
    for (;;)
      try {
        return await work();
      } catch (error) {
        if (!isAway(error) || performance.now() > untilMs) throw refusal(error, address);
        await pause(PAUSE_MS);
      }
  };
  const query = (text: string, values: readonly unknown[] = []) =>
    patiently(async () => (await boss.getDb().executeSql(text, [...values])).rows as readonly SqlRow[]);
  try {
    await boss.start();
    await boss
      .getDb()
      .executeSql(`BEGIN; SELECT pg_advisory_xact_lock(${SETUP_LOCK}); ${TABLES} COMMIT;`, undefined as never);
    const [found] = await query("SELECT version FROM joulecast.version");
    if (found === undefined) await query("INSERT INTO joulecast.version VALUES ($1)", [VERSION]);
    else if (found.version !== VERSION)
      throw new InputError(
        "other-version",
        `${shownAddress(address)} holds studies of table version ${found.version}, this program has ${VERSION}`,
        "use the same version of joulecast everywhere, or another database",
      );
  } catch (error) {
    await boss.stop({ graceful: false, wait: false }).catch(() => undefined);
    throw refusal(error, address);
  }
  return {
    boss,
    query,
    patiently,
    close: async () => {
      await boss.stop({ graceful: false, wait: true, timeout: 2000 }).catch(() => undefined);
    },
  };
}
