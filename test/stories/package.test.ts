// The package as a stranger gets it: what `npm pack` writes, in an empty folder, with none of the optional packages beside it.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { build } from "vite";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "./run-cli.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const folder = temporaryFolder();
const installed = join(folder, "node_modules/joulecast");
const MOST_BYTES = 2e6;

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
}
let packed: Packed;

const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
const optional = Object.keys(manifest.optionalDependencies);

/** A package of the checkout, as if it were installed in the empty folder. */
function link(name: string): void {
  const place = join(folder, "node_modules", name);
  mkdirSync(dirname(place), { recursive: true });
  symlinkSync(join(ROOT, "node_modules", name), place, "dir");
}

beforeAll(() => {
  const pack = spawnSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], {
    cwd: ROOT,
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  expect(pack.status, pack.stderr).toBe(0);
  packed = JSON.parse(pack.stdout)[0];
  mkdirSync(installed, { recursive: true });
  const untar = spawnSync("tar", ["-xzf", join(folder, packed.filename), "-C", installed, "--strip-components=1"]);
  expect(untar.status).toBe(0);
  for (const name of Object.keys(manifest.dependencies)) link(name);
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
}, 120_000);

function node(...args: readonly string[]) {
  return spawnSync(process.execPath, args, {
    cwd: folder,
    encoding: "utf8",
    timeout: 50_000,
    env: { ...process.env, JOULECAST_HOME: join(folder, "home") },
  });
}
const joulecast = (...args: readonly string[]) => node(join(installed, manifest.bin.joulecast), ...args);

describe("the package", () => {
  it("is small, and holds what it needs and nothing of the tests", () => {
    expect(packed.size).toBeLessThan(MOST_BYTES);
    const paths = packed.files.map(({ path }) => path);
    for (const path of [
      "dist/cli/main.js",
      "dist/index.d.ts",
      "data/schemas/config.json",
      "data/commands.json",
      "LICENSE",
    ])
      expect(paths).toContain(path);
    expect(paths.filter((path) => /\.test\.|^src\/|^test\/|^bench\/.*js$|tsbuildinfo|\.pyc$/.test(path))).toEqual([]);
  });
  it("holds what its README links to", () => {
    const readme = readFileSync(join(installed, "README.md"), "utf8");
    const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, path]) => path!);
    expect(links.length).toBeGreaterThan(10);
    for (const path of links) expect(existsSync(join(installed, path)), path).toBe(true);
  });
  it("runs here with no optional package beside it", () => {
    for (const name of optional) expect(existsSync(join(folder, "node_modules", name)), name).toBe(false);
  });
});

describe("without any optional package", () => {
  it.each([
    ["--help"],
    ["--version"],
    ["help metrics"],
    ["completion bash"],
    ["estimate zoo:deeprx --region FI"],
    ["estimate zoo:mnist-cnn --json"],
    ["inspect zoo:resnet50 --csv"],
    ["devices"],
    ["zoo write mnist-cnn m.onnx"],
    ["inspect m.onnx --markdown"],
    ["link capacity"],
    ["doctor"],
  ])("joulecast %s works", (line) => {
    const { status, stderr } = joulecast(...line.split(" "));
    expect(status, stderr).toBe(0);
    expect(stderr).not.toContain("bug");
  });
  it.each([
    ["estimate zoo:mnist-cnn --html r.html", "npm install linkedom"],
    ["history", "npm install @duckdb/node-api"],
    [
      "train zoo:mnist-cnn --data synthetic:digits --epochs 1 --limit-train 64 --limit-test 64 --no-measure",
      "npm install onnxruntime-node",
    ],
    ["agent --store postgres://nobody@127.0.0.1:1/none", "npm install pg-boss"],
  ])("joulecast %s says `%s`", (line, wanted) => {
    const { status, stdout, stderr } = joulecast(...line.split(" "));
    expect(stderr).toContain(wanted);
    expect(stderr).toMatch(/^joulecast: the optional package \S+ is not installed\n {2}→ .*\n$/);
    expect(stdout, "nothing is printed before what cannot be finished").toBe("");
    expect(status).toBe(2);
  });
});

/** What TypeScript says of a program that uses the package. */
function complaints(text: string, options: Readonly<Record<string, string>>): string {
  writeFileSync(join(folder, "use.ts"), text);
  const words = Object.entries({ target: "es2023", lib: "es2023", ...options }).flatMap(([name, value]) => [
    `--${name}`,
    value,
  ]);
  return node(join(ROOT, "node_modules/typescript/bin/tsc"), "--noEmit", "--strict", ...words, "use.ts").stdout;
}

describe("as a library", () => {
  it("is imported by its two names", () => {
    const program = `
      import { countGraph, findNetwork } from "joulecast";
      import { readCatalogue } from "joulecast/node";
      console.log(countGraph(findNetwork("mnist-cnn").build()).total.macs > 0, (await readCatalogue()).length > 40);`;
    expect(node("--input-type=module", "-e", program)).toMatchObject({ stdout: "true true\n", status: 0 });
  });
  it.each([
    ["NodeNext", "nodenext"],
    ["ESNext", "bundler"],
  ])("has types for %s modules", (module, moduleResolution) => {
    const text = `
      import { countGraph, estimateAll, findNetwork, METRICS, type Hardware, type WorkReport } from "joulecast";
      const work: WorkReport = countGraph(findNetwork("mnist-cnn").build(), { batch: 4 });
      const devices: readonly Hardware[] = [];
      const joules: number | undefined = estimateAll(work, devices, METRICS, {}).estimates[0]?.energyJ;
      // @ts-expect-error watts are no graph
      countGraph(3);
      export { joules };`;
    expect(complaints(text, { module, moduleResolution, types: "" })).toBe("");
  });
  it("has types for Node that want @types/node and no optional package", () => {
    for (const name of ["@types/node", "undici-types"]) link(name);
    const text = `
      import { closeWindow, measure, onnxRuntime, openWindow, readModel } from "joulecast/node";
      const { measurement } = await measure(async () => { await openWindow("w"); return closeWindow("w"); }, { idleS: 1 });
      const joules: number | undefined = measurement.grossJ;
      // @ts-expect-error a model has a name
      readModel(3);
      export { joules, onnxRuntime };`;
    expect(complaints(text, { module: "nodenext", moduleResolution: "nodenext", types: "node" })).toBe("");
  });
  it("goes into a browser's bundle without anything of node", async () => {
    writeFileSync(join(folder, "page.js"), 'import * as joulecast from "joulecast"; globalThis.joulecast = joulecast;');
    const built = await build({
      root: folder,
      configFile: false,
      logLevel: "silent",
      build: { write: false, minify: false, lib: { entry: "page.js", formats: ["es"], fileName: "page" } },
    });
    const outputs = (Array.isArray(built) ? built : [built]).flatMap((each) => ("output" in each ? each.output : []));
    const chunks = outputs.flatMap((each) => (each.type === "chunk" ? [each] : []));
    expect(chunks.length).toBeGreaterThan(0);
    for (const chunk of chunks) {
      expect([...chunk.imports, ...chunk.dynamicImports].filter((name) => name.startsWith("node:"))).toEqual([]);
      expect(chunk.code).not.toContain("__vite-browser-external");
      expect(chunk.code).not.toMatch(/\bfrom "(?:node:)?(?:fs|path|crypto|os|child_process)"/);
    }
  });
});
