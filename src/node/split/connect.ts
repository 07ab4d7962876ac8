// HTTP of the device side: one request at a time, its body sent no faster than the link allows, given up when it takes too long.
import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { InputError } from "../../units/input-error.ts";
import { type About, MOST_BYTES, PATHS, type Refusal } from "./protocol.ts";

/** Time as the machine has it; tests have their own. */
export interface SplitClock {
  /** Monotonic, s. */
  nowS(): number;
  waitS(seconds: number): Promise<void>;
}

export interface Reply {
  readonly status: number;
  readonly body: Uint8Array;
}

export interface Ask {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Longest time without an answer once all is sent, s. */
  readonly timeoutS: number;
  /** Longest answer, bytes. Default MOST_BYTES. */
  readonly mostBytes?: number;
  /** When each part of the body may go: part `i` of `parts`, and that it went. None before there is a connection. Default: at once. */
  readonly pace?: {
    readonly parts: number;
    readonly before: (part: number) => Promise<void>;
    readonly after: (part: number) => void;
  };
}

/** The server cannot be reached, breaks off, or is too slow: no fault of the user's, the device goes on alone. */
export class Unreachable extends Error {
  constructor(why: string) {
    super(why);
    this.name = "Unreachable";
  }
}

async function readAll(reply: IncomingMessage, mostBytes: number): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let got = 0;
  for await (const chunk of reply as AsyncIterable<Buffer>) {
    got += chunk.length;
    if (got > mostBytes) throw new Unreachable(`the answer is longer than ${mostBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function send(request: ClientRequest, { body, pace }: Ask, isOver: () => boolean): Promise<void> {
  const bytes = body ?? new Uint8Array();
  const parts = pace?.parts ?? 1;
  for (let part = 0; part < parts; part++) {
    await pace?.before(part);
    if (isOver()) return;
    const [from, to] = [part, part + 1].map((i) => Math.floor((bytes.length * i) / parts));
    if (to! > from!) request.write(bytes.subarray(from, to));
    pace?.after(part);
  }
  request.end();
}

/** @throws Unreachable */
export async function ask(base: URL, what: Ask): Promise<Reply> {
  const { method, path, headers = {}, body, timeoutS, mostBytes = MOST_BYTES } = what;
  const request = httpRequest(new URL(path, base), {
    method,
    agent: false,
    headers: { ...headers, ...(body && { "content-length": String(body.length) }) },
  });
  let timer: NodeJS.Timeout | undefined;
  let over = false;
  try {
    const reply = new Promise<IncomingMessage>((resolve, reject) => {
      request.on("response", resolve);
      request.on("error", (error) => reject(new Unreachable(error.message)));
    });
    // An answer that comes before all is sent is a refusal: it ends the sending.
    const settled = reply.then(
      () => {
        over = true;
      },
      () => {
        over = true;
      },
    );
    const connected = new Promise<void>((resolve) => {
      request.on("socket", (socket) => (socket.connecting ? socket.once("connect", resolve) : resolve()));
    });
    request.flushHeaders();
    await Promise.race([connected.then(() => send(request, what, () => over)), settled]);
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Unreachable(`no answer within ${timeoutS} s`)), timeoutS * 1000);
    });
    const whole = reply.then(async (message) => ({
      status: message.statusCode ?? 0,
      body: await readAll(message, mostBytes),
    }));
    whole.catch(() => undefined);
    return await Promise.race([whole, late]);
  } catch (error) {
    throw error instanceof Unreachable ? error : new Unreachable((error as Error).message);
  } finally {
    clearTimeout(timer);
    over = true;
    request.on("error", () => undefined);
    request.destroy();
  }
}

/** @throws InputError "bad-url" */
export function serverUrl(text: string): URL {
  try {
    const url = new URL(text);
    if (url.protocol === "http:") return url;
  } catch {
    // said below
  }
  throw new InputError(
    "bad-url",
    `"${text}" is no address of a server`,
    "give what `joulecast split serve` prints, http://127.0.0.1:PORT",
  );
}

const WAIT_FOR_WORD_S = 10;

const refusalOf = (body: Uint8Array): Refusal => {
  try {
    const { code, message } = JSON.parse(Buffer.from(body).toString("utf8")) as Partial<Refusal>;
    return { code: String(code), message: String(message) };
  } catch {
    return { code: "no-refusal", message: "it answers like no split server" };
  }
};

/** What a refused request was told. */
export const refused = (reply: Reply): Refusal & { readonly status: number } => ({
  ...refusalOf(reply.body),
  status: reply.status,
});

/** What the server says of itself. @throws Unreachable; InputError "no-split-server" */
export async function askAbout(base: URL): Promise<About> {
  const reply = await ask(base, { method: "GET", path: PATHS.about, timeoutS: WAIT_FOR_WORD_S, mostBytes: 65_536 });
  try {
    const about = JSON.parse(Buffer.from(reply.body).toString("utf8")) as About;
    if (reply.status === 200 && about.protocol === 1 && /^[0-9a-f]{64}$/.test(about.digest)) return about;
  } catch {
    // said below
  }
  throw new InputError(
    "no-split-server",
    `${base.href} is no joulecast split server`,
    "start one with `joulecast split serve MODEL`",
  );
}

/** The model that the server has. @throws Unreachable */
export async function fetchModel(base: URL, { modelBytes }: About): Promise<Uint8Array> {
  const reply = await ask(base, {
    method: "GET",
    path: PATHS.model,
    timeoutS: WAIT_FOR_WORD_S,
    mostBytes: Math.min(modelBytes, 2 ** 31),
  });
  if (reply.status !== 200) throw new Unreachable(`${PATHS.model}: status ${reply.status}`);
  return reply.body;
}
