// A real browser for the page's tests: Debian's chromium, driven by playwright-core. It installs nothing: where chromium is missing,
// the tests say how to get it and are skipped.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join, resolve } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";

const ROOT = resolve(import.meta.dirname, "../..");
const CHROMIUM = process.env.CHROMIUM_PATH ?? "/usr/bin/chromium";

/** Why the page cannot be tested here; undefined where it can. */
export const noBrowser: string | undefined = existsSync(CHROMIUM)
  ? undefined
  : `no browser at ${CHROMIUM}: \`apt-get install chromium\`, or set CHROMIUM_PATH`;

/** Nothing on its own: no updates, no first-run pages, no background requests. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export const startBrowser = (): Promise<Browser> => chromium.launch({ executablePath: CHROMIUM, args: FLAGS });

/** Where `npm run build:web` puts the page, and what it is made of: any pure code may be in it. */
const BUILT = join(ROOT, "dist/web");
const SOURCES = ["src", "data/hardware", "vite.config.ts", "package-lock.json"];
const NOT_IN_IT = ["cli", "node"];

const isInPage = (folder: string, name: string): boolean =>
  !name.endsWith(".test.ts") && !(folder === join(ROOT, "src") && NOT_IN_IT.includes(name));

const newestMs = (path: string): number =>
  statSync(path).isDirectory()
    ? Math.max(0, ...readdirSync(path).map((name) => (isInPage(path, name) ? newestMs(join(path, name)) : 0)))
    : statSync(path).mtimeMs;

/** Whether the page was built from what there is now. */
function isBuilt(): boolean {
  const index = join(BUILT, "index.html");
  if (!existsSync(index)) return false;
  const builtMs = statSync(index).mtimeMs;
  return SOURCES.every((path) => newestMs(join(ROOT, path)) <= builtMs);
}

/**
 * The page as it was built; built now where that is older than its sources.
 * @param isInPlace build it where the local server looks for it. Default: in a folder of its own
 */
export function builtPage(isInPlace = false): { readonly folder: string; remove(): unknown } {
  if (isBuilt()) return { folder: BUILT, remove: () => undefined };
  const folder = isInPlace ? BUILT : mkdtempSync(join(tmpdir(), "joulecast-page-"));
  const vite = join(ROOT, "node_modules/vite/bin/vite.js");
  const built = spawnSync(
    process.execPath,
    [vite, "build", "--outDir", folder, "--emptyOutDir", "--logLevel", "error"],
    {
      cwd: ROOT,
      encoding: "utf8",
    },
  );
  if (built.status !== 0) throw new Error(`the page was not built: ${built.stderr}`);
  return { folder, remove: () => isInPlace || rmSync(folder, { recursive: true, force: true }) };
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};

export interface FileHost {
  /** Ends with "/": the page lies in a folder, as it may on any host. */
  readonly url: string;
  close(): Promise<void>;
}

/** The plainest file host: it knows files, their types, and nothing else. */
export async function hostFiles(folder: string): Promise<FileHost> {
  const files = new Map(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path.slice(folder.length).replaceAll("\\", "/"), path]),
  );
  const server = createServer(({ url = "" }, response) => {
    const name = url.replace(/^\/some\/where/, "").split("?")[0]!;
    const path = files.get(name.endsWith("/") ? `${name}index.html` : name);
    if (path === undefined) response.writeHead(404).end();
    else response.writeHead(200, { "content-type": TYPES[extname(path)] ?? "text/plain" }).end(readFileSync(path));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/some/where/`,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

export interface Watched {
  readonly page: Page;
  /** What the console, uncaught errors, failed and refused requests said. */
  readonly complaints: string[];
  /** Addresses asked for. */
  readonly requests: string[];
}

/** A page whose complaints and requests are kept. */
export async function openPage(context: BrowserContext): Promise<Watched> {
  const page = await context.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("requestfailed", (request) => {
    const reason = request.failure()?.errorText;
    // The page closes a stream itself when it has seen its end.
    if (request.resourceType() === "eventsource" && reason === "net::ERR_ABORTED") return;
    complaints.push(`${request.url()}: ${reason}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 400) complaints.push(`${response.url()}: ${response.status()}`);
  });
  page.on("request", (request) => requests.push(request.url()));
  return { page, complaints, requests };
}

const AXE = readFileSync(join(ROOT, "node_modules/axe-core/axe.min.js"), "utf8");

/** Serious and critical findings of axe-core in light colours, and of contrast in dark ones: all other rules know no colours. */
export async function audit(page: Page): Promise<readonly string[]> {
  if (!(await page.evaluate("'axe' in window"))) await page.evaluate(AXE);
  await page.emulateMedia({ colorScheme: "light" });
  const light = await findingsOf(page, "{ resultTypes: ['violations'] }");
  await page.emulateMedia({ colorScheme: "dark" });
  const dark = await findingsOf(page, "{ resultTypes: ['violations'], runOnly: ['color-contrast'] }");
  await page.emulateMedia({ colorScheme: "light" });
  return [...light, ...dark.map((finding) => `dark: ${finding}`)];
}

async function findingsOf(page: Page, options: string): Promise<readonly string[]> {
  const found = (await page.evaluate(`axe.run(document, ${options})`)) as {
    violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[];
  };
  return found.violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`));
}

/** Most memory that a process of the browser which runs pages holds now, bytes; workers are in it. Linux only. */
export async function pageBytes(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  const sizes = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => residentBytes(id));
  return Math.max(...sizes);
}

function residentBytes(pid: number): number {
  const [, kilobytes = "0"] = /^VmRSS:\s+(\d+) kB/mu.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kilobytes) * 1024;
}

/** How far the page can be scrolled sideways, px: 0 on any width. */
export const overflowOf = (page: Page): Promise<number> =>
  page.evaluate("Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth)");
