// The page of the local server in a real browser: a training run on a simulated machine is watched live, found among the runs,
// compared and exported; the server's own files are opened; two networks are set side by side.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Ajv } from "ajv";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { formatQuantity } from "../../src/units/format.ts";
import { MAIN, runJson, temporaryFolder } from "../stories/run-cli.ts";
import { type FedTree, fedTree } from "../support/fed-tree.ts";
import { audit, buildPage, noBrowser, openPage, overflowOf, startBrowser, type Watched } from "./browser.ts";

const MODEL = resolve(import.meta.dirname, "../fixtures/onnx/cnn.onnx");
const [PACKAGE_W, DRAM_W] = [60, 8];
const EPOCHS = 16;
/** A program that says its epochs, and ends. */
const TRAINING = `
let epoch = 0;
const timer = setInterval(() => (epoch++ < ${EPOCHS} ? console.log("Epoch", epoch) : clearInterval(timer)), 400);
`;

describe.skipIf(noBrowser)(`the local page${noBrowser ? ` (skipped: ${noBrowser})` : ""}`, () => {
  const home = temporaryFolder();
  let machine: FedTree;
  let server: ChildProcess;
  let url: string;
  let browser: Browser;
  let context: BrowserContext;
  let watched: Watched;
  let page: Page;
  const env = () => ({ ...process.env, JOULECAST_HOME: home, JOULECAST_ROOT: machine.root, NO_COLOR: "1" });

  beforeAll(async () => {
    if (!existsSync(resolve(import.meta.dirname, "../../dist/web/index.html"))) buildPage("dist/web");
    machine = await fedTree(PACKAGE_W, DRAM_W, 50);
    const args = [MAIN, "serve", MODEL, "--no-models", "--json"];
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
  });
  afterAll(async () => {
    await browser?.close();
    const ended = once(server, "exit");
    server.kill("SIGTERM");
    expect((await ended)[0]).toBe(0);
    await machine.stop();
  });
  beforeEach(async () => {
    context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    watched = await openPage(context);
    page = watched.page;
    page.setDefaultTimeout(20_000);
  });
  afterEach(async () => {
    const { complaints } = watched;
    await context.close();
    expect(complaints).toEqual([]);
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
    await page.goto(`${url}#/live`);
    await page.getByRole("option", { name: /node -e/ }).waitFor({ state: "attached" });
    await fact("projected total").waitFor();
    expect(await page.getByText("measured by energy counters of the hardware").count()).toBe(1);
    expect(await fact("epochs ended").textContent()).toMatch(/^\d+ of 16$/);
    const watts = numberIn(await fact("power now").textContent());
    expect(Math.abs(watts / (PACKAGE_W + DRAM_W) - 1)).toBeLessThan(0.1);
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
    await page.goto(`${url}#/live`);
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
    for (const program of ["setTimeout(() => {}, 500) // first", "setTimeout(() => {}, 900) // second"]) {
      const child = spawn(process.execPath, [...measure, program], { stdio: "ignore", env: env() });
      expect((await once(child, "exit"))[0]).toBe(0);
    }
    await page.goto(`${url}#/runs`);
    await page.getByLabel("Search runs").fill("// ");
    const rows = page.getByRole("region", { name: "Runs" }).locator("tbody tr");
    await rows.nth(1).waitFor();
    expect(await rows.count()).toBe(2);
    for (const box of await rows.locator("input").all()) await box.check();
    await page.getByRole("button", { name: "Compare the two chosen" }).click();
    await page.getByRole("heading", { name: "Two runs" }).waitFor();
    await page.getByText(/no difference is seen|B needs|no difference can be given/).waitFor();
    expect(await audit(page)).toEqual([]);
    await page.goBack();
    await rows.first().getByRole("link").click();
    const saved = page.waitForEvent("download");
    await page.getByRole("link", { name: "csv", exact: true }).click();
    expect((await saved).suggestedFilename()).toMatch(/^[0-9a-z]{12}\.csv$/);
  });

  it("opens a file that the server was given", async () => {
    await page.goto(url);
    await page.getByLabel("Or a network of the zoo").selectOption({ label: "cnn.onnx" });
    await page.waitForSelector("output");
    const { estimates } = runJson(["estimate", MODEL, "--on", "rtx-2080-ti", "--metric", "roofline"]).json
      .result as unknown as { estimates: { perInferenceJ: number }[] };
    const shown = await page.getByLabel("Energy", { exact: true }).locator("output").textContent();
    expect(shown).toBe(formatQuantity(estimates[0]!.perInferenceJ, "J"));
  });

  it("sets a teacher and its student side by side", async () => {
    await page.goto(url);
    await at("#/compare?a=zoo:deeprx&b=zoo:deeprx:width%3D0.5&aon=t4&bon=t4");
    const difference = page.getByLabel("Difference", { exact: true }).locator("output");
    await difference.waitFor();
    const joules = ["deeprx", "deeprx:width=0.5"].map((name) => {
      const args = ["estimate", `zoo:${name}`, "--on", "t4", "--metric", "roofline"];
      const { estimates } = runJson(args).json.result as unknown as { estimates: { perInferenceJ: number }[] };
      return estimates[0]!.perInferenceJ;
    });
    const lessRatio = 1 - joules[1]! / joules[0]!;
    expect(numberIn(await difference.textContent())).toBeCloseTo(lessRatio * 100, 0);
    await page.getByRole("heading", { name: "Layer by layer" }).waitFor();
    expect(await audit(page)).toEqual([]);
    await page.setViewportSize({ width: 360, height: 740 });
    expect(await overflowOf(page)).toBe(0);
  });
});
