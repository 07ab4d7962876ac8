// The page's files, read once: only what was listed when the server started is ever given, so no address leads anywhere else.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { extname, join, relative, sep } from "node:path";
import { InputError } from "../../units/input-error.ts";

export interface Asset {
  readonly type: string;
  readonly bytes: Buffer;
  readonly etag: string;
  /** Its name changes with its content: a browser may keep it for ever. */
  readonly isForever: boolean;
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".json": "application/json",
};

/** In the page that this server gives, and in no static build: the page asks for runs only where there are some. */
const SERVER_MARK = '<meta name="joulecast-server" content="1" />';

const marked = (html: string): string => html.replace("</head>", `${SERVER_MARK}</head>`);

/**
 * The files of a built page by address: "/", "/assets/index-4f.js".
 * @throws InputError "no-page" when it was not built
 */
export function readAssets(folder: string): ReadonlyMap<string, Asset> {
  let paths: string[];
  try {
    paths = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && TYPES[extname(entry.name)] !== undefined)
      .map((entry) => join(entry.parentPath, entry.name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    paths = [];
  }
  const assets = paths.map((path) => {
    const name = relative(folder, path).split(sep).join("/");
    const content = readFileSync(path);
    const bytes = name === "index.html" ? Buffer.from(marked(content.toString("utf8"))) : content;
    const etag = `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 27)}"`;
    const asset = { type: TYPES[extname(path)]!, bytes, etag, isForever: name.startsWith("assets/") };
    return [name === "index.html" ? "/" : `/${name}`, asset] as const;
  });
  const found = new Map(assets);
  if (found.has("/")) return found;
  throw new InputError("no-page", `the page is not built: "${folder}" has no index.html`, "run `npm run build:web`");
}
