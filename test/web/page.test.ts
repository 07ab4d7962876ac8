// The static page in a real browser: a network is opened and its number read, links restore, nothing is fetched from elsewhere.
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { NetworkBuilder } from "../../src/graph/build.ts";
import { drawnWeights } from "../../src/node/model.ts";
import { writeOnnx } from "../../src/onnx/write.ts";
import { studyResult } from "../../src/report/studying/study-report.ts";
import { parsePlan } from "../../src/study/plan.ts";
import { formatQuantity } from "../../src/units/format.ts";
import { findNetwork } from "../../src/zoo/catalogue.ts";
import { temporaryFolder } from "../stories/run-cli.ts";
import { STUDY_YAML, studyRecords } from "../support/study-records.ts";
import {
  audit,
  builtPage,
  type FileHost,
  hostFiles,
  noBrowser,
  openPage,
  overflowOf,
  pageBytes,
  startBrowser,
  type Watched,
} from "./browser.ts";
import { perInferenceJ, told } from "./told.ts";

const FIXTURES = resolve(import.meta.dirname, "../fixtures/onnx");
const MOST_SCRIPT_BYTES = 300e3;
const built = builtPage();
const host: FileHost = await hostFiles(built.folder);
afterAll(async () => {
  await host.close();
  built.remove();
});

describe("the build", () => {
  const files = readdirSync(built.folder, { recursive: true, encoding: "utf8" });

  it("has less than 300 kB of JavaScript, gzipped", () => {
    const sizes = files
      .filter((name) => name.endsWith(".js"))
      .map((name) => gzipSync(readFileSync(join(built.folder, name))).length);
    expect(sizes.length).toBeGreaterThan(1);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(MOST_SCRIPT_BYTES);
  });

  it("names no other host and needs no root folder", () => {
    const html = readFileSync(join(built.folder, "index.html"), "utf8");
    expect(html).toContain("default-src 'none'");
    expect([...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, path]) => path!.slice(0, 2))).toEqual(
      expect.arrayContaining(["./"]),
    );
    expect(html).not.toMatch(/(?:src|href)="(?:\/|https?:)/);
  });
});

describe.skipIf(noBrowser)(`in a browser${noBrowser ? ` (skipped: ${noBrowser})` : ""}`, () => {
  let browser: Browser;
  let context: BrowserContext;
  let watched: Watched;
  let page: Page;
  beforeAll(async () => {
    browser = await startBrowser();
    context = await browser.newContext();
    watched = await openPage(context);
    page = watched.page;
    page.setDefaultTimeout(20_000);
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    await page.setViewportSize({ width: 1280, height: 900 });
  });
  afterEach(() => {
    const complaints = watched.complaints.splice(0);
    const requests = watched.requests.splice(0);
    expect(complaints).toEqual([]);
    expect(requests.filter((url) => !/^(?:data|blob):/.test(url) && !url.startsWith(host.url))).toEqual([]);
  });

  const shownEnergy = () => page.getByLabel("Energy", { exact: true }).locator("output");
  const drop = async (path: string) => page.setInputFiles("input[type=file]", path);
  /** As a person drops it: the element gets a File. */
  const dropOn = (on: string, path: string, name: string) =>
    page.evaluate(`(() => {
      const data = new DataTransfer();
      const bytes = Uint8Array.from(atob("${readFileSync(path).toString("base64")}"), (c) => c.charCodeAt(0));
      data.items.add(new File([bytes], "${name}"));
      const options = { dataTransfer: data, bubbles: true, cancelable: true };
      return document.querySelector(\`${on}\`).dispatchEvent(new DragEvent("drop", options));
    })()`);

  it("shows the joules of a dropped file as the command line counts them", async () => {
    await page.goto(host.url);
    const file = join(FIXTURES, "cnn.onnx");
    await dropOn("body", file, "cnn.onnx");
    const energyJ = perInferenceJ([file], "roofline", "rtx-2080-ti");
    const ofSixteen = [file, "--batch", "16"];
    const sixteenthJ = perInferenceJ(ofSixteen, "roofline", "rtx-2080-ti");
    await page.waitForSelector("output");
    expect(await shownEnergy().textContent()).toBe(formatQuantity(await energyJ, "J"));

    await page.getByRole("spinbutton", { name: "Batch" }).fill("16");
    await page.keyboard.press("Enter");
    await page.locator("output", { hasText: formatQuantity(await sixteenthJ, "J") }).waitFor();
    // What cannot be meant is said, and changes nothing.
    await page.getByRole("spinbutton", { name: "Batch" }).fill("-5");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").filter({ hasText: "a whole number of at least 1" }).waitFor();
    expect(page.url()).toContain("batch=16");
    await page.getByLabel("By", { exact: true }).selectOption("op-energy");
    const priced = await perInferenceJ(ofSixteen, "op-energy", "rtx-2080-ti");
    await page.locator("output", { hasText: formatQuantity(priced, "J") }).waitFor();
  });

  it("says what is wrong with a broken file, and goes on with the next", async () => {
    const path = join(temporaryFolder(), "torn.onnx");
    writeFileSync(path, readFileSync(join(FIXTURES, "cnn.onnx")).subarray(0, 300));
    await page.goto(host.url);
    await drop(path);
    const alert = page.getByRole("alert");
    await alert.waitFor();
    expect(await alert.textContent()).toMatch(/torn.*(?:ends|truncated|damaged)/);
    expect(await page.locator("output").count()).toBe(0);
    await drop(join(FIXTURES, "cnn.onnx"));
    await page.waitForSelector("output");
    expect(await alert.count()).toBe(0);
    const weights = join(temporaryFolder(), "weights.pt");
    writeFileSync(weights, "PK\u0003\u0004 no network");
    await drop(weights);
    await alert.waitFor();
    expect(await alert.textContent()).toMatch(/expected an ONNX model/);
  });

  it("asks for the lengths that a file leaves open", async () => {
    const b = new NetworkBuilder("open");
    const x = b.input("x", ["batch", "seq", 8]);
    b.output(b.layer("MatMul", [x, b.weight("w", [8, 4], { kind: "constant", value: 1 })]));
    const path = join(temporaryFolder(), "open.onnx");
    const chunks: Uint8Array[] = [];
    for await (const chunk of writeOnnx(b.graph(), drawnWeights)) chunks.push(chunk);
    writeFileSync(path, Buffer.concat(chunks));
    const energyJ = perInferenceJ([path, "--dim", "seq=32"], "roofline", "rtx-2080-ti");
    await page.goto(host.url);
    await drop(path);
    await page.getByRole("alert").waitFor();
    expect(await page.getByRole("alert").textContent()).toMatch(/"seq".*not known.*among the controls/);
    await page.getByRole("spinbutton", { name: "Length of seq" }).fill("32");
    await page.keyboard.press("Enter");
    await page.waitForSelector("output");
    expect(await shownEnergy().textContent()).toBe(formatQuantity(await energyJ, "J"));
  });

  it("reads a file of half a gigabyte by its graph alone, and keeps none of it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "joulecast-large-"));
    try {
      // The graph, then a field of 500 MB that no reader knows: sparse on disk, skipped by seeking.
      const path = join(folder, "large.onnx");
      const graph = readFileSync(join(FIXTURES, "cnn.onnx"));
      const unknownBytes = 500_000_000;
      const tag = Buffer.from([0xfa, 0x3f]);
      const length: number[] = [];
      for (let rest = unknownBytes; rest > 0; rest >>>= 7) length.push((rest & 127) | (rest >= 128 ? 128 : 0));
      const fd = openSync(path, "w");
      writeSync(fd, Buffer.concat([graph, tag, Buffer.from(length)]));
      writeSync(fd, Buffer.alloc(1), 0, 1, graph.length + tag.length + length.length + unknownBytes - 1);
      closeSync(fd);
      const energyJ = perInferenceJ([join(FIXTURES, "cnn.onnx")], "roofline", "rtx-2080-ti");
      await page.goto(`${host.url}#/model?net=zoo:mnist-cnn`);
      await page.waitForSelector("output");
      const beforeBytes = await pageBytes(browser);
      await drop(path);
      await page.locator("output", { hasText: formatQuantity(await energyJ, "J") }).waitFor();
      expect((await pageBytes(browser)) - beforeBytes).toBeLessThan(unknownBytes / 4);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("restores a view from its link, and goes back and forward", async () => {
    const tdpJ = perInferenceJ(["zoo:cifar/lenet", "--on", "t4"], "tdp", "t4");
    await page.goto(`${host.url}#/model?net=zoo:cifar/lenet&on=t4&metric=tdp&layer=conv1`);
    await page.waitForSelector("output");
    const name = async () => page.getByRole("heading", { level: 1 }).textContent();
    expect(await name()).toContain("lenet");
    expect(await page.getByLabel("By", { exact: true }).inputValue()).toBe("tdp");
    const detail = page.getByRole("region", { name: "Layer conv1" });
    await detail.waitFor();
    expect(await detail.textContent()).toMatch(/E = TDP · t.*70\.0 W × /);
    const energy = await shownEnergy().textContent();
    expect(energy).toBe(formatQuantity(await tdpJ, "J"));

    await page.getByLabel("Network").selectOption("zoo:mnist-cnn");
    await page.getByRole("heading", { level: 1, name: "mnist-cnn" }).waitFor();
    await page.goBack();
    await page.getByRole("heading", { level: 1, name: /lenet/ }).waitFor();
    await page.waitForSelector("output");
    expect(await shownEnergy().textContent()).toBe(energy);
    await page.goForward();
    await page.getByRole("heading", { level: 1, name: "mnist-cnn" }).waitFor();
  });

  it("finds, sorts and opens layers by keyboard alone", async () => {
    const inspected = told(["inspect", "zoo:cifar/resnet18"]);
    await page.goto(`${host.url}#/model?net=zoo:cifar/resnet18`);
    const layers = page.getByRole("region", { name: "Layers" });
    await layers.waitFor();
    await page.getByLabel("Search layers").fill("conv");
    await page.getByRole("button", { name: "MACs" }).press("Enter");
    const rows = layers.locator("tbody tr");
    const { layers: counted } = (await inspected) as { layers: { name: string; op: string; macs: number }[] };
    const found = counted.filter(({ name, op }) => `${name} ${op}`.toLowerCase().includes("conv"));
    const most = Math.max(...found.map(({ macs }) => macs));
    expect(await rows.count()).toBe(found.length);
    expect(await rows.first().locator("td").nth(3).textContent()).toBe(formatQuantity(most, ""));
    await rows.first().getByRole("button").press("Enter");
    expect(
      await page
        .getByRole("region", { name: /^Layer / })
        .locator("code")
        .textContent(),
    ).toMatch(/^E = /);
    await page.getByRole("button", { name: "Close the layer" }).press("Enter");
    const focused = await page.evaluate("document.activeElement.title");
    expect(await rows.first().getByRole("button").getAttribute("title")).toBe(focused);
    // The blocks are walked with arrows: down to the first, right to the next.
    const boxes = page.locator("svg .box");
    await boxes.first().focus();
    await page.keyboard.press("ArrowDown");
    const first = await page.evaluate("document.activeElement.getAttribute('aria-label')");
    await page.keyboard.press("ArrowRight");
    expect(await page.evaluate("document.activeElement.getAttribute('aria-label')")).not.toBe(first);
  });

  it("says values under the pointer and gives charts as SVG, PNG and CSV", async () => {
    await page.goto(`${host.url}#/model?net=zoo:cifar/lenet&train=1kWh&rate=10`);
    const chart = page.locator("figure", { hasText: "Energy per inference, training included" });
    await chart.scrollIntoViewIfNeeded();
    await chart.locator("svg").hover({ position: { x: 300, y: 150 } });
    expect(await chart.locator(".tip").textContent()).toMatch(/inferences .*J/);
    const ends: Readonly<Record<string, RegExp>> = {
      SVG: /^<svg.*>Energy per inference, training included<.*energy per inference \(J\)/s,
      PNG: /^\u{89}PNG/u,
      CSV: /^series,inferences,energy per inference \(J\)\r?\n/,
    };
    for (const [form, content] of Object.entries(ends)) {
      const waiting = page.waitForEvent("download");
      await chart.getByRole("button", { name: `Download as ${form}` }).click();
      const download = await waiting;
      expect(download.suggestedFilename()).toBe(`break-even.${form.toLowerCase()}`);
      expect(readFileSync(await download.path(), "latin1")).toMatch(content);
    }
  });

  it("sets one network on two devices side by side, part by part", async () => {
    const joules = ["t4", "rtx-3090"].map((on) => perInferenceJ(["zoo:cifar/lenet", "--on", on], "roofline", on));
    await page.goto(`${host.url}#/compare?a=zoo:cifar/lenet&b=zoo:cifar/lenet&aon=t4&bon=rtx-3090`);
    const words = await page.getByLabel("Difference", { exact: true }).locator("output").textContent();
    const [t4, rtx] = await Promise.all(joules);
    expect(Number.parseFloat(words!)).toBeCloseTo(
      (rtx! / t4!) * (rtx! / t4! < 2 ? 100 : 1) - (rtx! / t4! < 2 ? 100 : 0),
      0,
    );
    const rows = page.getByRole("region", { name: "Parts" }).locator("tbody tr");
    expect(await rows.count()).toBeGreaterThan(5);
    expect(await rows.first().textContent()).toMatch(/J.*(?:more|times|less)/);
  });

  it("takes files on either side, two of one name too, and takes a network along to other views", async () => {
    // Loaded anew: what earlier tests left in other views is forgotten.
    await page.goto(`${host.url}?anew#/live`);
    const [older, newer] = ["cnn.onnx", "old.onnx"].map((name) => join(FIXTURES, name));
    // Where no file is asked for, it is not lost: and the browser does not leave the page for it.
    await page.getByRole("heading", { level: 1, name: "Live power" }).waitFor();
    expect(await dropOn("main", older!, "net.onnx")).toBe(false);
    await page.waitForURL(/#\/model\?net=file:net.onnx$/);
    await page.waitForSelector("output");
    await page.getByRole("link", { name: "Compare" }).click();
    await page.locator("[data-side=b]").waitFor();
    await dropOn("[data-side=b] h2", newer!, "net.onnx");
    await page.waitForURL(/a=file:net.onnx&b=file:net.onnx%20/);
    const totals = page.getByRole("region", { name: "Totals" });
    const counts = totals.locator("tr", { hasText: "layers" }).locator("td");
    await counts.first().waitFor();
    const [ofA, ofB] = (await counts.allTextContents()).slice(1, 3);
    expect([ofA, ofB].every((count) => /^\d+$/u.test(count!))).toBe(true);
    expect(ofA).not.toBe(ofB);
    await dropOn("[data-side=b] h2", older!, "net.onnx");
    expect(await page.getByLabel("Network A").locator("optgroup").first().locator("option").count()).toBe(3);
    await page.getByRole("link", { name: "Split" }).click();
    await page.getByRole("heading", { level: 1, name: /net/ }).waitFor();
    await page.goto(`${host.url}?anew#/compare?a=zoo:cifar/lenet&b=zoo:cifar/lenet`);
    await page.locator("output", { hasText: "the same" }).waitFor();
    expect(await page.locator(".better, .worse").count()).toBe(0);
  });

  interface ToldCut {
    readonly best: { readonly totalJ: number; readonly after: string; readonly local: boolean };
  }
  const bestCut = () => page.getByLabel("Best cut", { exact: true });
  /** Of the page, as of `joulecast split` with the same options. */
  const expectCut = async ({ best: { totalJ, after, local } }: ToldCut) => {
    const words = await bestCut().textContent();
    expect(words).toContain(formatQuantity(totalJ, "J"));
    expect(words).toContain(local ? "all on the device" : `after ${after}`);
  };

  it("cuts a network where the command line does, and moves the cut with the channel", async () => {
    const split = told(["split", "zoo:cifar/lenet", "--device", "jetson-nano", "--gain", "10"]);
    await page.goto(`${host.url}#/split?net=zoo:cifar/lenet&on=jetson-nano&gain=10`);
    await bestCut().waitFor();
    await expectCut(await split);
    const cut = async () => (await bestCut().textContent())!;
    await page.getByRole("slider", { name: /Channel gain/ }).press("Home");
    await page.getByText("all on the device", { exact: false }).first().waitFor();
    const atLeast = await cut();
    await page.getByRole("button", { name: "Walk" }).click();
    await page.waitForURL(/place=3/);
    await page.getByRole("button", { name: "Pause" }).click();
    expect(await cut()).not.toBe(atLeast);
  });

  it("leaves out the zeros of a pruned network, as the command line does", async () => {
    const graph = findNetwork("mnist-cnn").build();
    // Every second number of every weight is pruned.
    const pruned: typeof drawnWeights = async (ref, type) => {
      const bytes = (await drawnWeights(ref, type)).slice();
      const numbers = new Float32Array(bytes.buffer);
      for (let i = 0; i < numbers.length; i += 2) numbers[i] = 0;
      return bytes;
    };
    const path = join(temporaryFolder(), "pruned.onnx");
    const chunks: Uint8Array[] = [];
    for await (const chunk of writeOnnx(graph, pruned)) chunks.push(chunk);
    writeFileSync(path, Buffer.concat(chunks));
    const [split, dense] = [
      ["--gain", "100"],
      ["--gain", "100", "--charge-zeros"],
    ].map((more) => told(["split", path, ...more]));
    await page.goto(`${host.url}#/split?gain=20`);
    await drop(path);
    await page.getByRole("heading", { level: 1, name: /pruned/ }).waitFor();
    await bestCut().waitFor();
    await expectCut(await split);
    expect((await split).best.deviceJ).toBeLessThan((await dense).best.deviceJ);
    expect(await page.getByText("zeros among the weights were not looked for").count()).toBe(0);
  });

  it("shows a study from its report: what goes with what, the front, the runs, what failed", async () => {
    const records = studyRecords(parsePlan(STUDY_YAML, "plan.yaml"), 32);
    const result = studyResult(records);
    const path = join(temporaryFolder(), "report.json");
    writeFileSync(path, JSON.stringify({ schema: "joulecast/study-report/1", result: { name: "eight", ...result } }));
    await page.goto(`${host.url}#/study`);
    await page.getByText("joulecast serve --study DIR --open").waitFor();
    await drop(path);
    await page.getByRole("heading", { level: 1, name: "eight" }).waitFor();
    expect(await page.getByRole("region", { name: "Progress" }).getByRole("status").textContent()).toMatch(
      /^31 of 32 trials with a result, 1 without/,
    );
    await page.getByText("Joules: measured.").waitFor();
    const { pearson, low, high } = result.correlations
      .map((one) => ({ ...one, at: `${one.phase} ${one.x} ${one.y}` }))
      .find(({ at }) => at === "training params energy")!;
    await page.getByLabel("Across").selectOption("params");
    const interval = `Pearson r ${pearson.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}]`;
    await page.getByRole("list", { name: "Correlation" }).getByText(interval).waitFor();
    const scatter = page.locator("figure", { hasText: "energy against parameters, training" });
    expect(await scatter.locator("circle[fill]").count()).toBe(8);
    // By keyboard: the leftmost point has the fewest parameters.
    await scatter.locator("svg").focus();
    await page.keyboard.press("ArrowRight");
    expect(await scatter.locator(".tip").textContent()).toMatch(/^lenet/);
    await page.getByRole("region", { name: "Correlations" }).getByRole("link").first().click();
    await page.waitForURL(/x=duration/);
    await page.goBack();
    const front = page.locator("figure", { hasText: "Best accuracy against energy" });
    expect(await front.locator("circle[fill]").count()).toBe(result.pareto.length);
    await page.getByLabel("Search runs").fill("densenet121 training");
    const rows = page.getByRole("region", { name: "Runs" }).locator("tbody tr");
    expect(await rows.count()).toBe(1);
    const run = result.tables.runs.find(
      ({ network, phase }) => network === "cifar/densenet121" && phase === "training",
    )!;
    expect(await rows.locator("td").nth(1).textContent()).toBe(formatQuantity(run.energyJ, "J"));
    expect(await page.getByRole("region", { name: "Trials without a result" }).last().textContent()).toContain(
      "signal SIGKILL",
    );
    expect(await audit(page)).toEqual([]);
    await page.setViewportSize({ width: 360, height: 740 });
    expect(await overflowOf(page)).toBe(0);
    await drop(join(FIXTURES, "cnn.onnx"));
    expect(await page.getByRole("alert").textContent()).toMatch(/cnn.onnx is no JSON/);
  });

  it("says what a static page cannot do, and where it can be done", async () => {
    await page.goto(`${host.url}#/live`);
    await page.getByText("joulecast serve --open").waitFor();
    await page.getByRole("link", { name: "Runs" }).click();
    await page.getByRole("heading", { name: "Earlier runs" }).waitFor();
  });

  const SHOWN = [
    ["", "h1"],
    ["#/model?net=zoo:cifar/lenet&layer=conv1&train=1kWh&rate=10", "figure:has-text('training included') svg"],
    ["#/compare?a=zoo:cifar/lenet&b=zoo:mnist-cnn", "output"],
    ["#/split?net=zoo:cifar/lenet", "figure:has-text('A walk') svg"],
    ["#/live", "h1"],
    ["#/study", "h1"],
  ] as const;

  /** Words of charts that stand out of their drawing, where they are cut off. */
  const cutOff = (): Promise<readonly string[]> =>
    page.evaluate(`[...document.querySelectorAll(".plot > svg")].flatMap((svg) => {
      const { left, right } = svg.getBoundingClientRect();
      return [...svg.querySelectorAll("text")]
        .filter((text) => text.getBoundingClientRect().left < left - 1 || text.getBoundingClientRect().right > right + 1)
        .map((text) => text.textContent);
    })`);

  it("passes the accessibility audit in both colours, and fits a phone of 360 px", async () => {
    for (const [hash, ready] of SHOWN) {
      await page.setViewportSize({ width: 1280, height: 900 });
      await page.goto(`${host.url}${hash}`);
      await page.locator(ready).first().waitFor();
      expect(await audit(page), hash).toEqual([]);
      expect(await cutOff(), hash).toEqual([]);
      await page.setViewportSize({ width: 360, height: 740 });
      expect(await overflowOf(page), hash).toBe(0);
      expect(await cutOff(), hash).toEqual([]);
    }
  });
});
