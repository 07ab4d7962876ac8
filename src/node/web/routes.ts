// What the page can ask of the local server: a table of method, path and answer. Whoever comes here has shown the token.
import { openLedger } from "../../measure/ledger.ts";
import { InputError } from "../../units/input-error.ts";
import { EXPORTS } from "../store/exports/table.ts";
import type { Store } from "../store/runs.ts";
import type { StoredRun } from "../store/stored-run.ts";
import { type Answer, json } from "./answer.ts";
import type { Live } from "./live.ts";
import { modelRange, type ServedFile } from "./models.ts";
import { type ServedStudy, studyAnswer } from "./studies.ts";

export interface Served {
  readonly version: string;
  readonly models: readonly ServedFile[];
  readonly studies: readonly ServedStudy[];
  readonly store: Store;
  readonly live: Live;
}

export interface Asked {
  /** What stands in the path's place of an id. */
  readonly id: string;
  readonly query: URLSearchParams;
  readonly range: string | undefined;
}

export interface Route {
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: RegExp;
  answer(served: Served, asked: Asked): Promise<Answer> | Answer;
}

/** Runs in one list: what a page can show at once. */
const MOST_RUNS = 2000;
/** Windows in which nothing was run. */
const IDLE = /^idle(-after)?$/u;

/** Power over the run, in the steps of a drawing; the samples themselves are many. */
async function courseOf(store: Store, run: StoredRun) {
  const recording = await store.loadRecording(run.id);
  const idle = run.windows.filter(({ name, fromS, toS }) => IDLE.test(name) && toS > fromS);
  const ledger = openLedger(recording, idle);
  const baseline = [...(ledger.baseline ?? [])].map(([id, { idleW }]) => ({ id, idleW }));
  return { power: ledger.power(), baseline, marks: recording.marks };
}

/** Content types of exports. */
const TYPES: Readonly<Record<string, string>> = { otlp: "application/json", prometheus: "text/plain" };

function exportOf(run: StoredRun, form: string): Answer {
  const make = Object.hasOwn(EXPORTS, form) ? EXPORTS[form] : undefined;
  if (make === undefined)
    throw new InputError("bad-form", `there is no form "${form}"`, `forms: ${Object.keys(EXPORTS).join(", ")}`);
  return { status: 200, type: `${TYPES[form] ?? "text/csv"}; charset=utf-8`, body: make([run], {}) };
}

export const ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: /^info$/u,
    answer: ({ version, models, studies }) =>
      json({
        version,
        models: models.map(({ id, name, file }) => ({ id, name, sizeBytes: file.size })),
        studies: studies.map(({ id, name }) => ({ id, name })),
      }),
  },
  {
    method: "GET",
    path: /^models\/(\d{1,4})$/u,
    answer: ({ models }, { id, range }) => {
      const model = models.find((each) => each.id === id);
      if (model === undefined) throw new InputError("unknown-model", `there is no model ${id}`, "reload the page");
      return modelRange(model, range);
    },
  },
  {
    method: "GET",
    path: /^studies\/(\d{1,4})$/u,
    answer: ({ studies }, { id, query }) => {
      const study = studies.find((each) => each.id === id);
      if (study === undefined) throw new InputError("unknown-study", `there is no study ${id}`, "reload the page");
      return json(studyAnswer(study, query.get("seen") ?? undefined));
    },
  },
  {
    method: "GET",
    path: /^runs$/u,
    answer: async ({ store }) => json({ runs: await store.listRuns({ limit: MOST_RUNS }) }),
  },
  {
    method: "GET",
    path: /^runs\/([0-9a-z]{12})$/u,
    answer: async ({ store }, { id }) => {
      const run = store.getRun(id);
      return json({ run, ...(await courseOf(store, run)) });
    },
  },
  {
    method: "GET",
    path: /^runs\/([0-9a-z]{12})\/export$/u,
    answer: ({ store }, { id, query }) => exportOf(store.getRun(id), query.get("form") ?? ""),
  },
  { method: "GET", path: /^live$/u, answer: ({ live }) => json({ recordings: live.list() }) },
  { method: "POST", path: /^live$/u, answer: async ({ live }) => json(await live.watch(), 201) },
  {
    method: "GET",
    path: /^live\/([0-9a-z]{12})$/u,
    answer: ({ live }, { id }) => ({ stream: live.follow(id) }),
  },
  {
    method: "DELETE",
    path: /^live\/([0-9a-z]{12})$/u,
    answer: async ({ live }, { id }) => {
      await live.stop(id);
      return json({});
    },
  },
];
