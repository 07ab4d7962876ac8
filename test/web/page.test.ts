// The static page in a real browser: a network is opened and its number read, links restore, nothing is fetched from elsewhere.
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { findMetric } from "../../src/estimate/table.ts";
import { bindDimensions } from "../../src/graph/bind.ts";
import { NetworkBuilder } from "../../src/graph/build.ts";
import { inferShapes } from "../../src/graph/shape/infer.ts";
import { findDevice } from "../../src/hardware/find.ts";
import { readCatalogue } from "../../src/node/catalogue.ts";
import { drawnWeights } from "../../src/node/model.ts";
import { writeOnnx } from "../../src/onnx/write.ts";
import { answerOf, decide } from "../../src/split/decide.ts";
import { planSplit } from "../../src/split/plan.ts";
import { uplink } from "../../src/split/radio.ts";
import { formatQuantity } from "../../src/units/format.ts";
import { countWork } from "../../src/work/count.ts";
import { findNetwork } from "../../src/zoo/catalogue.ts";
import { runJson, temporaryFolder } from "../stories/run-cli.ts";
import {
  audit,
  buildPage,
  type FileHost,
  hostFiles,
  noBrowser,
  openPage,
  overflowOf,
  startBrowser,
  type Watched,
} from "./browser.ts";

const FIXTURES = resolve(import.meta.dirname, "../fixtures/onnx");
const MOST_SCRIPT_BYTES = 300e3;
const built = buildPage();
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
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    watched = await openPage(context);
    page = watched.page;
  });
  afterEach(async () => {
    const { complaints, requests } = watched;
    await context.close();
    expect(complaints).toEqual([]);
    expect(requests.filter((url) => !/^(?:data|blob):/.test(url) && !url.startsWith(host.url))).toEqual([]);
  });

  const shownEnergy = () => page.getByLabel("Energy", { exact: true }).locator("output");
  const perInferenceJ = (args: readonly string[], metric: string, device: string): number => {
    const { estimates } = runJson(["estimate", ...args]).json.result as unknown as {
      estimates: { device: string; metric: string; perInferenceJ: number }[];
    };
    return estimates.find((each) => each.metric === metric && each.device === device)!.perInferenceJ;
  };
  /** As a person drops it: the page gets a File. */
  const drop = async (path: string) => page.setInputFiles("input[type=file]", path);

  it("shows the joules of a dropped file as the command line counts them", async () => {
    await page.goto(host.url);
    const file = join(FIXTURES, "cnn.onnx");
    // A real drop, on the document as a whole.
    const bytes = readFileSync(file).toString("base64");
    await page.evaluate(`(() => {
      const data = new DataTransfer();
      const bytes = Uint8Array.from(atob("${bytes}"), (c) => c.charCodeAt(0));
      data.items.add(new File([bytes], "cnn.onnx"));
      document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
    })()`);
    const energyJ = perInferenceJ([file], "roofline", "rtx-2080-ti");
    await page.waitForSelector("output");
    expect(await shownEnergy().textContent()).toBe(formatQuantity(energyJ, "J"));

    await page.getByRole("spinbutton", { name: "Batch" }).fill("16");
    await page.keyboard.press("Enter");
    const sixteenth = formatQuantity(perInferenceJ([file, "--batch", "16"], "roofline", "rtx-2080-ti"), "J");
    await page.locator("output", { hasText: sixteenth }).waitFor();
    await page.getByLabel("By", { exact: true }).selectOption("op-energy");
    const priced = perInferenceJ([file, "--batch", "16"], "op-energy", "rtx-2080-ti");
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
    await page.goto(host.url);
    await drop(path);
    await page.getByRole("alert").waitFor();
    expect(await page.getByRole("alert").textContent()).toMatch(/"seq".*not known.*among the controls/);
    await page.getByRole("spinbutton", { name: "Length of seq" }).fill("32");
    await page.keyboard.press("Enter");
    await page.waitForSelector("output");
    const energyJ = perInferenceJ([path, "--dim", "seq=32"], "roofline", "rtx-2080-ti");
    expect(await shownEnergy().textContent()).toBe(formatQuantity(energyJ, "J"));
  });

  it("reads a file of half a gigabyte by its graph alone", async () => {
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
      await page.goto(host.url);
      await drop(path);
      await page.waitForSelector("output");
      const energyJ = perInferenceJ([join(FIXTURES, "cnn.onnx")], "roofline", "rtx-2080-ti");
      expect(await shownEnergy().textContent()).toBe(formatQuantity(energyJ, "J"));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("restores a view from its link, and goes back and forward", async () => {
    await page.goto(`${host.url}#/model?net=zoo:cifar/lenet&on=t4&metric=tdp&layer=conv1`);
    await page.waitForSelector("output");
    const name = async () => page.getByRole("heading", { level: 1 }).textContent();
    expect(await name()).toContain("lenet");
    expect(await page.getByLabel("By", { exact: true }).inputValue()).toBe("tdp");
    const detail = page.getByRole("region", { name: "Layer conv1" });
    await detail.waitFor();
    expect(await detail.textContent()).toMatch(/E = TDP · t.*70\.0 W × /);
    const energy = await shownEnergy().textContent();
    expect(energy).toBe(formatQuantity(perInferenceJ(["zoo:cifar/lenet", "--on", "t4"], "tdp", "t4"), "J"));

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
    await page.goto(`${host.url}#/model?net=zoo:cifar/resnet18`);
    const layers = page.getByRole("region", { name: "Layers" });
    await layers.waitFor();
    await page.getByLabel("Search layers").fill("conv");
    await page.getByRole("button", { name: "MACs" }).press("Enter");
    const rows = layers.locator("tbody tr");
    const macs = async () => {
      const { layers: counted } = runJson(["inspect", "zoo:cifar/resnet18"]).json.result as unknown as {
        layers: { name: string; op: string; macs: number }[];
      };
      const found = counted.filter(({ name, op }) => `${name} ${op}`.toLowerCase().includes("conv"));
      return { most: Math.max(...found.map((layer) => layer.macs)), count: found.length };
    };
    const { most, count } = await macs();
    expect(await rows.count()).toBe(count);
    expect(await rows.first().locator("td").nth(3).textContent()).toBe(formatQuantity(most, ""));
    await rows.first().getByRole("button").press("Enter");
    expect(
      await page
        .getByRole("region", { name: /^Layer / })
        .locator("code")
        .textContent(),
    ).toMatch(/^E = /);
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
      SVG: /^<svg.*energy per inference \(J\)/s,
      PNG: /^\u{89}PNG/u,
      CSV: /^series,inferences,energy per inference \(J\)/,
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
    await page.goto(`${host.url}#/compare?a=zoo:cifar/lenet&b=zoo:cifar/lenet&aon=t4&bon=rtx-3090`);
    const words = await page.getByLabel("Difference", { exact: true }).locator("output").textContent();
    const [t4, rtx] = ["t4", "rtx-3090"].map((on) => perInferenceJ(["zoo:cifar/lenet", "--on", on], "roofline", on));
    expect(Number.parseFloat(words!)).toBeCloseTo(
      (rtx! / t4!) * (rtx! / t4! < 2 ? 100 : 1) - (rtx! / t4! < 2 ? 100 : 0),
      0,
    );
    const rows = page.getByRole("region", { name: "Parts" }).locator("tbody tr");
    expect(await rows.count()).toBeGreaterThan(5);
    expect(await rows.first().textContent()).toMatch(/J.*(?:more|times|less)/);
  });

  it("moves the cut with the channel, as split/ decides", async () => {
    await page.goto(`${host.url}#/split?net=zoo:cifar/lenet&on=jetson-nano&gain=10`);
    const best = page.getByLabel("Best cut", { exact: true });
    await best.waitFor();
    const cut = async () => (await best.textContent())!;
    const shaped = inferShapes(bindDimensions(findNetwork("cifar/lenet").build()).graph);
    const hardware = findDevice(await readCatalogue(), "jetson-nano");
    const { table } = planSplit(shaped, countWork(shaped), { device: { hardware, metric: findMetric("roofline") } });
    const link = uplink();
    const rateBps = link.rateBps(10);
    const chosen = decide(table, rateBps, link.sending);
    const { totalJ } = answerOf(table, chosen, rateBps, link.sending);
    expect(await cut()).toContain(formatQuantity(totalJ, "J"));
    expect(await cut()).toContain(chosen === table.local ? "all on the device" : `after ${table.cuts[chosen]!.after}`);
    await page.getByRole("slider", { name: /Channel gain/ }).press("Home");
    await page.getByText("all on the device", { exact: false }).first().waitFor();
    const atLeast = await cut();
    await page.getByRole("button", { name: "Walk" }).click();
    await page.waitForURL(/place=3/);
    await page.getByRole("button", { name: "Pause" }).click();
    expect(await cut()).not.toBe(atLeast);
  });

  it("says what a static page cannot do, and where it can be done", async () => {
    await page.goto(`${host.url}#/live`);
    await page.getByText("joulecast serve --open").waitFor();
    await page.getByRole("link", { name: "Runs" }).click();
    await page.getByRole("heading", { name: "Earlier runs" }).waitFor();
  });

  const SHOWN = [
    ["", "h1"],
    ["#/model?net=zoo:cifar/lenet&layer=conv1&train=1kWh", "figure:has-text('training included') svg"],
    ["#/compare?a=zoo:cifar/lenet&b=zoo:mnist-cnn", "output"],
    ["#/split?net=zoo:cifar/lenet", "figure:has-text('A walk') svg"],
    ["#/live", "h1"],
  ] as const;

  it.each(["light", "dark"] as const)("passes the accessibility audit in %s colours", async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    for (const [hash, ready] of SHOWN) {
      await page.goto(`${host.url}${hash}`);
      await page.locator(ready).first().waitFor();
      expect(await audit(page), hash).toEqual([]);
    }
  });

  it("fits a phone of 360 px", async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    for (const [hash, ready] of SHOWN) {
      await page.goto(`${host.url}${hash}`);
      await page.locator(ready).first().waitFor();
      expect(await overflowOf(page), hash).toBe(0);
    }
  });
});
