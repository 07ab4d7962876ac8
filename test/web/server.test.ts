// The local server's walls, asked as a stranger asks: by another name, from another site, without the token, for other files.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type IncomingHttpHeaders, request } from "node:http";
import { networkInterfaces, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStore } from "../../src/node/store/runs.ts";
import { openStudyFolder } from "../../src/node/study/study-folder.ts";
import { type PageServer, startPageServer } from "../../src/node/web/page-server.ts";
import { RECORDING, storedRun } from "../support/stored-runs.ts";
import { STUDY_YAML, studyRecords } from "../support/study-records.ts";

const MODEL = resolve(import.meta.dirname, "../fixtures/onnx/cnn.onnx");
const folder = mkdtempSync(join(tmpdir(), "joulecast-server-"));
const page = join(folder, "page");
const studyPath = join(folder, "study");
let server: PageServer;
let token: string;
let runId: string;

beforeAll(async () => {
  mkdirSync(join(page, "assets"), { recursive: true });
  writeFileSync(join(page, "index.html"), "<html><head></head><body>the page</body></html>");
  writeFileSync(join(page, "assets/a.js"), "1");
  writeFileSync(join(folder, "secret.json"), "{}");
  const store = openStore({ home: join(folder, "home") });
  const run = storedRun(21);
  await store.saveRun(run, RECORDING);
  runId = run.id;
  const study = await openStudyFolder(studyPath, STUDY_YAML, { nowIso: () => "", machine: "here" });
  for (const record of studyRecords(study.plan, 3)) await study.keep(record, undefined);
  study.close();
  server = await startPageServer({
    store,
    version: "1.2.3",
    machine: {},
    models: [MODEL],
    studies: [studyPath],
    folder: page,
  });
  token = new URL(server.url).searchParams.get("token")!;
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Told {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A request as it is written, without a client's good manners: fetch would mend paths and set its own Host. */
function ask(path: string, headers: Record<string, string> = {}, method = "GET", body = ""): Promise<Told> {
  return new Promise((done, fail) => {
    const asked = request({ host: "127.0.0.1", port: server.port, path, method, headers }, async (response) => {
      const parts: Buffer[] = [];
      for await (const part of response) parts.push(part);
      done({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(parts) });
    });
    asked.on("error", fail);
    asked.end(body);
  });
}
const known = () => ({ cookie: `joulecast-${server.port}=${token}` });
const code = ({ body }: Told): string => JSON.parse(body.toString()).error.code;

describe("who may ask", () => {
  it("takes loopback names with its port, and no other name that leads here", async () => {
    for (const host of ["127.0.0.1", "localhost", "[::1]"])
      expect((await ask("/", { host: `${host}:${server.port}` })).status).toBe(200);
    for (const host of ["evil.example", `evil.example:${server.port}`, "127.0.0.1", "127.0.0.1:1"])
      expect((await ask("/", { host })).status).toBe(403);
  });

  it("refuses what a page of another site, or of another port, sends", async () => {
    const own = `http://127.0.0.1:${server.port}`;
    expect((await ask("/api/info", { ...known(), origin: own })).status).toBe(200);
    for (const origin of ["http://evil.example", "null", "http://127.0.0.1:1", `https://127.0.0.1:${server.port}`])
      expect((await ask("/api/info", { ...known(), origin })).status).toBe(403);
    expect((await ask("/api/info", { ...known(), "sec-fetch-site": "cross-site" })).status).toBe(403);
    expect((await ask("/api/live", { ...known(), "sec-fetch-site": "same-site" }, "POST")).status).toBe(403);
  });

  it("gives its files to everyone of this machine, and the rest to those who have the token", async () => {
    for (const path of ["/api/info", "/api/runs", "/api/models/0", "/api/studies/0", "/api/live"])
      expect((await ask(path)).status, path).toBe(401);
    expect((await ask("/api/live", {}, "POST")).status).toBe(401);
    const wrong = { cookie: `joulecast-${server.port}=${token.slice(1)}x` };
    expect((await ask("/api/info", wrong)).status).toBe(401);
    expect(JSON.parse((await ask("/api/info", known())).body.toString())).toMatchObject({
      version: "1.2.3",
      models: [{ id: "0", name: "cnn.onnx" }],
      studies: [{ id: "0", name: "eight networks" }],
    });
  });

  it("turns the token of the printed link into a cookie that no script and no other site can use", async () => {
    const { status, headers } = await ask(`/?token=${token}`);
    expect(status).toBe(303);
    expect(headers.location).toBe("/");
    expect(headers["set-cookie"]![0]).toMatch(/HttpOnly; SameSite=Strict; Path=\/$/);
    expect((await ask("/?token=guess")).headers["set-cookie"]).toBeUndefined();
  });

  it("listens on loopback only", async () => {
    const outside = Object.values(networkInterfaces())
      .flatMap((all) => all ?? [])
      .find(({ internal, family }) => !internal && family === "IPv4");
    if (outside === undefined) return expect(outside).toBeUndefined();
    await expect(fetch(`http://${outside.address}:${server.port}/`)).rejects.toThrow();
  });
});

describe("what is given", () => {
  it("has a strict policy on every answer", async () => {
    for (const path of ["/", "/assets/a.js", "/nowhere", "/api/info"]) {
      const { headers } = await ask(path, known());
      expect(headers["content-security-policy"]).toContain("default-src 'none'; script-src 'self'");
      expect(headers["x-content-type-options"]).toBe("nosniff");
    }
    const { body } = await ask("/");
    expect(body.toString()).toContain("joulecast-server");
    const { headers } = await ask("/assets/a.js");
    expect((await ask("/assets/a.js", { "if-none-match": headers.etag! })).status).toBe(304);
  });

  it("leads to no file outside the page and the given models", async () => {
    const paths = [
      "/../secret.json",
      "/assets/../../secret.json",
      "/assets/..%2f..%2fsecret.json",
      "/%2e%2e/secret.json",
      `/${join(folder, "secret.json")}`,
      "/api/models/1",
      "/api/models/..%2f0",
      "/api/studies/1",
      "/api/studies/..%2fsecret",
      "/api/runs/..%2f..%2f",
      "/api/live/../../secret",
    ];
    for (const path of paths) expect((await ask(path, known())).status, path).toBe(404);
  });

  it("gives a model in ranges, and nothing beyond them", async () => {
    const file = readFileSync(MODEL);
    const { status, headers, body } = await ask("/api/models/0", { ...known(), range: "bytes=8-23" });
    expect(status).toBe(206);
    expect(headers["content-range"]).toBe(`bytes 8-23/${file.length}`);
    expect(body.equals(file.subarray(8, 24))).toBe(true);
    for (const range of ["", "bytes=0-", `bytes=0-${file.length}`, "bytes=5-4", "bytes=-5", "bytes=0-1,4-5"])
      expect((await ask("/api/models/0", { ...known(), range })).status, range).toBe(416);
  });

  it("takes no large requests and no methods that it does not know", async () => {
    expect((await ask("/api/live", known(), "POST", "x".repeat(2000))).status).toBe(413);
    expect((await ask("/api/live", { ...known(), "transfer-encoding": "chunked" }, "POST", "x")).status).toBe(413);
    expect((await ask("/", {}, "POST")).status).toBe(405);
    expect((await ask("/api/runs", known(), "DELETE")).status).toBe(405);
    expect((await ask("/api/nothing", known())).status).toBe(404);
  });

  it("lists runs, shows one with its power, and exports it", async () => {
    const { runs } = JSON.parse((await ask("/api/runs", known())).body.toString());
    expect(runs).toMatchObject([{ id: runId, netJ: 837 }]);
    const { run, power } = JSON.parse((await ask(`/api/runs/${runId}`, known())).body.toString());
    expect(run.measurements[0].netJ).toBe(837);
    expect(power.length).toBe(RECORDING.traces.length);
    const csv = await ask(`/api/runs/${runId}/export?form=csv`, known());
    expect(csv.body.toString()).toContain("837");
    expect(code(await ask(`/api/runs/${runId}/export?form=__proto__`, known()))).toBe("bad-form");
    expect(code(await ask("/api/runs/000000000000", known()))).toBe("unknown-run");
  });

  it("gives a study as it stands, and says when nothing has changed", async () => {
    const first = JSON.parse((await ask("/api/studies/0", known())).body.toString());
    expect(first).toMatchObject({ name: "eight networks", isGoing: false, begun: [] });
    expect([first.trials.length, first.records.length]).toEqual([32, 3]);
    const again = await ask(`/api/studies/0?seen=${first.seen}`, known());
    expect(JSON.parse(again.body.toString())).toEqual({ seen: first.seen });
    const study = await openStudyFolder(studyPath, STUDY_YAML, { nowIso: () => "", machine: "here" });
    const { trial } = (await study.take())!;
    const going = JSON.parse((await ask(`/api/studies/0?seen=${first.seen}`, known())).body.toString());
    expect(going).toMatchObject({ isGoing: true, begun: [trial.id] });
    study.close();
  });

  it("says what is wrong where there is no page, no model or no port", async () => {
    const store = openStore({ home: join(folder, "home") });
    const start = (more: object) => startPageServer({ store, version: "1", machine: {}, folder: page, ...more });
    await expect(start({ folder: join(folder, "none") })).rejects.toMatchObject({ code: "no-page" });
    await expect(start({ models: [join(folder, "none.onnx")] })).rejects.toMatchObject({ code: "cannot-read" });
    await expect(start({ studies: [folder] })).rejects.toMatchObject({ code: "no-study" });
    await expect(start({ port: server.port })).rejects.toMatchObject({ code: "port-in-use" });
  });
});
