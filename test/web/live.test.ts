// The page of the local server in a real browser: a training run on a simulated machine is watched live, found among the runs,
// compared and exported; the server's own files are opened; two networks are set side by side.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Ajv } from "ajv";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openStore } from "../../src/node/store/runs.ts";
import { openStudyFolder, type StudyFolder } from "../../src/node/study/study-folder.ts";
import { parsePlan } from "../../src/study/plan.ts";
import { formatQuantity } from "../../src/units/format.ts";
import { MAIN, temporaryFolder } from "../stories/run-cli.ts";
import { type FedTree, fedTree } from "../support/fed-tree.ts";
import { mixedRun } from "../support/stored-runs.ts";
import { STUDY_YAML, studyRecords } from "../support/study-records.ts";
import { audit, builtPage, noBrowser, openPage, overflowOf, startBrowser, type Watched } from "./browser.ts";
import { perInferenceJ } from "./told.ts";

const MODEL = resolve(import.meta.dirname, "../fixtures/onnx/cnn.onnx");
/** The page is built first where it is older than its sources. */
const START_MS = 60_000;
const [PACKAGE_W, DRAM_W] = [60, 8];
const EPOCHS = 10;
/** A program that says its epochs, and ends. */
const TRAINING = `
let epoch = 0;
const timer = setInterval(() => (epoch++ < ${EPOCHS} ? console.log("Epoch", epoch) : clearInterval(timer)), 300);
`;

describe.skipIf(noBrowser)(`the local page${noBrowser ? ` (skipped: ${noBrowser})` : ""}`, () => {
  const home = temporaryFolder();
  const studyFolder = join(home, "study");
  const records = studyRecords(parsePlan(STUDY_YAML, "plan.yaml"), 32);
  let study: StudyFolder;
  const { run: mixed, recording: mixedRecording } = mixedRun();
  let machine: FedTree;
  let server: ChildProcess;
  let url: string;
  let browser: Browser;
  let context: BrowserContext;
  let watched: Watched;
  let page: Page;
  const env = () => ({ ...process.env, JOULECAST_HOME: home, JOULECAST_ROOT: machine.root, NO_COLOR: "1" });

  beforeAll(async () => {
    builtPage(true);
    machine = await fedTree(PACKAGE_W, DRAM_W, 50);
    await openStore({ home }).saveRun(mixed, mixedRecording);
    study = await openStudyFolder(studyFolder, STUDY_YAML, { nowIso: () => "", machine: "here" });
    for (const record of records.slice(0, 20)) await study.keep(record, undefined);
    const args = [MAIN, "serve", MODEL, "--study", studyFolder, "--no-models", "--json"];
    server = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"], env: env() });
    let text = "";
    for await (const chunk of server.stdout!.setEncoding("utf8")) {
      text += chunk;
      if (text.endsWith("\n")) break;
    }
    const schema = readFileSync(resolve(import.meta.dirname, "../../data/schemas/serve.json"), "utf8");
    const validate = new Ajv({ allowUnionTypes: true }).compile(JSON.parse(schema));
    const json = JSON.parse(text);
    expect(validate(json) ? [] : validate.errors).toEqual([]);
    url = json.result.url;
    browser = await startBrowser();
    context = await browser.newContext();
    watched = await openPage(context);
    page = watched.page;
    page.setDefaultTimeout(20_000);
    // Whoever has the link is known from then on.
    await page.goto(url);
  }, START_MS);
  afterAll(async () => {
    await browser?.close();
    study?.close();
    await machine?.stop();
    if (server === undefined) return;
    const ended = once(server, "exit");
    server.kill("SIGTERM");
    expect((await ended)[0]).toBe(0);
  });
  beforeEach(async () => {
    await page.setViewportSize({ width: 1280, height: 900 });
  });
  afterEach(() => {
    expect(watched.complaints.splice(0)).toEqual([]);
  });

  const at = (hash: string) => page.goto(new URL(hash, new URL(url).origin).href);
  /** The number in front of a unit: "67.9 W" → 67.9. */
  const numberIn = (text: string | null): number => Number.parseFloat(text ?? "");
  const fact = (label: string) =>
    page.locator(".facts div", { has: page.getByText(label, { exact: true }) }).locator("dd");

  it("shows a training run while it goes on: watts, epochs, projection; then the run itself", async () => {
    const args = [
      MAIN,
      "run",
      "--epochs",
      String(EPOCHS),
      "--idle",
      "1s",
      "--no-models",
      "--epoch-pattern",
      "Epoch (\\d+)",
    ];
    const run = spawn(process.execPath, [...args, "--", process.execPath, "-e", TRAINING], {
      stdio: "ignore",
      env: env(),
    });
    const ended = once(run, "exit");
    await at("#/live");
    await page.getByRole("option", { name: /node -e/ }).waitFor({ state: "attached" });
    await fact("projected total").waitFor();
    expect(await page.getByText("measured by energy counters of the hardware").count()).toBe(1);
    expect(await fact("epochs ended").textContent()).toMatch(new RegExp(`^\\d+ of ${EPOCHS}$`));
    // A busy machine reads its counters late now and then; the next readings make up for it.
    const farRatio = async () => Math.abs(numberIn(await fact("power now").textContent()) / (PACKAGE_W + DRAM_W) - 1);
    await expect.poll(farRatio).toBeLessThan(0.1);
    expect(await page.locator("canvas").count()).toBe(1);
    const csv = page.waitForEvent("download");
    const power = page.locator("figure", { hasText: "Power by component" });
    await power.getByRole("button", { name: "Download as CSV" }).click();
    expect((await csv).suggestedFilename()).toBe("power.csv");
    const svg = page.waitForEvent("download");
    await power.getByRole("button", { name: "Download as SVG" }).click();
    expect((await svg).suggestedFilename()).toBe("power.svg");
    expect(await audit(page)).toEqual([]);
    await page.setViewportSize({ width: 360, height: 740 });
    expect(await overflowOf(page)).toBe(0);
    expect((await ended)[0]).toBe(0);
    await page.getByRole("link", { name: "open the run" }).click();
    await page.getByRole("heading", { level: 1, name: /^Run / }).waitFor();
    expect(await fact("kind").textContent()).toContain("measured");
    expect(await audit(page)).toEqual([]);
    expect(await overflowOf(page)).toBe(0);
  });

  it("watches this machine when asked to, and stops", async () => {
    await at("#/live");
    await page.getByRole("button", { name: "Watch this machine now" }).click();
    await fact("power now").waitFor();
    await page
      .locator(".facts dd", { hasText: /^6\d\.\d W$/ })
      .first()
      .waitFor();
    await page.getByRole("button", { name: "Stop watching this machine" }).click();
    await page.getByRole("status").filter({ hasText: "ended" }).waitFor();
    await page.getByRole("button", { name: "Watch this machine now" }).waitFor();
  });

  it("lists runs, filters them, and sets two beside each other", async () => {
    const measure = [MAIN, "measure", "--idle", "0.3s", "--no-models", "--", process.execPath, "-e"];
    const programs = [`setTimeout(() => {}, 500) // ${"first".repeat(20)}`, "setTimeout(() => {}, 900) // second"];
    const ended = programs.map(async (program) => {
      const child = spawn(process.execPath, [...measure, program], { stdio: "ignore", env: env() });
      return (await once(child, "exit"))[0];
    });
    expect(await Promise.all(ended)).toEqual([0, 0]);
    await at("#/runs");
    await page.getByLabel("Search runs").fill("// ");
    const rows = page.getByRole("region", { name: "Runs" }).locator("tbody tr");
    await rows.nth(1).waitFor();
    expect(await rows.count()).toBe(2);
    for (const box of await rows.locator("input").all()) await box.check();
    await page.getByRole("button", { name: "Compare the two chosen" }).click();
    await page.getByRole("heading", { name: "Two runs" }).waitFor();
    await page.getByText(/no difference is seen|B needs|no difference can be given/).waitFor();
    expect(await audit(page)).toEqual([]);
    await page.setViewportSize({ width: 360, height: 740 });
    await expect.poll(() => overflowOf(page)).toBe(0);
    await page.goBack();
    await rows.filter({ hasText: "firstfirst" }).getByRole("link").click();
    await page.locator("canvas").waitFor();
    await expect.poll(() => overflowOf(page)).toBe(0);
    const saved = page.waitForEvent("download");
    await page.getByRole("link", { name: "csv", exact: true }).click();
    expect((await saved).suggestedFilename()).toMatch(/^[0-9a-z]{12}\.csv$/);
  });

  it("draws what was integrated, modelled and not read apart from what was measured", async () => {
    await at(`#/runs?id=${mixed.id}`);
    const power = page.locator("figure", { hasText: "Power by component" });
    await power.locator("canvas").waitFor();
    const waiting = page.waitForEvent("download");
    await power.getByRole("button", { name: "Download as SVG" }).click();
    const svg = readFileSync(await (await waiting).path(), "utf8");
    const curves = [...svg.matchAll(/<path d="([^"]*)"[^>]*>/gu)].map(([whole, d]) => ({
      dashes: /stroke-dasharray="([^"]*)"/u.exec(whole)?.[1],
      pieces: d!.split("M").length - 1,
    }));
    // Measured: solid. Integrated: dashed, with a hole. Modelled: dotted.
    expect(curves).toEqual([
      { dashes: "none", pieces: 1 },
      { dashes: "8px, 4px", pieces: 2 },
      { dashes: "2px, 4px", pieces: 1 },
    ]);
  });

  it("follows a study while it goes on", async () => {
    await at("#/study");
    const progress = page.getByRole("region", { name: "Progress" });
    await progress.getByText("19 of 32", { exact: true }).waitFor();
    expect(await progress.getByRole("status").textContent()).toMatch(/1 without – waiting, about .* left/);
    const next = (await study.take())!;
    await progress.getByText(next.trial.id, { exact: false }).waitFor();
    expect(await progress.getByRole("status").textContent()).toContain("running");
    for (const record of records.slice(20)) await study.keep(record, undefined);
    await progress.getByText("31 of 32", { exact: true }).waitFor();
    expect(await progress.getByRole("status").textContent()).toContain("finished");
  });

  it("opens a file that the server was given", async () => {
    const energyJ = perInferenceJ([MODEL], "roofline", "rtx-2080-ti");
    await at("#/model");
    await page.getByLabel("Or a network of the zoo").selectOption({ label: "cnn.onnx" });
    await page.waitForSelector("output");
    const shown = await page.getByLabel("Energy", { exact: true }).locator("output").textContent();
    expect(shown).toBe(formatQuantity(await energyJ, "J"));
  });

  it("sets a teacher and its student side by side", async () => {
    const joules = ["zoo:deeprx", "zoo:deeprx:width=0.5"].map((name) =>
      perInferenceJ([name, "--on", "t4"], "roofline", "t4"),
    );
    await at("#/compare?a=zoo:deeprx&b=zoo:deeprx:width%3D0.5&aon=t4&bon=t4");
    const difference = page.getByLabel("Difference", { exact: true }).locator("output");
    await difference.waitFor();
    const [teacherJ, studentJ] = await Promise.all(joules);
    const lessRatio = 1 - studentJ! / teacherJ!;
    expect(numberIn(await difference.textContent())).toBeCloseTo(lessRatio * 100, 0);
    await page.getByRole("heading", { name: "Layer by layer" }).waitFor();
  });
});
