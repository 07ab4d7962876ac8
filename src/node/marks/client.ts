// Sets a mark in a measurement that is going on: what `joulecast mark epoch 3` does, for shells and for programs in any language.
import { once } from "node:events";
import { connect } from "node:net";
import { InputError } from "../../units/input-error.ts";
import { parseMark, type SaidMark } from "./line.ts";
import { SOCKET_VARIABLE, URL_VARIABLE } from "./server.ts";

/** Where marks are taken: what the measuring joulecast put into the environment. */
export interface MarkAddress {
  readonly socketPath?: string | undefined;
  readonly url?: string | undefined;
}

/** Addresses in this program's environment. */
export function addressHere(env: NodeJS.ProcessEnv = process.env): MarkAddress {
  return { socketPath: env[SOCKET_VARIABLE], url: env[URL_VARIABLE] };
}

/**
 * Sends one mark and waits until it is taken: over the socket, or over HTTP where there is none.
 * @throws InputError "no-measurement" when none listens there, "bad-mark" when the mark is refused
 */
export async function sendMark(mark: SaidMark, { socketPath, url }: MarkAddress = addressHere()): Promise<void> {
  const line = JSON.stringify(mark);
  const parsed = parseMark(line);
  if (parsed !== undefined && "problem" in parsed) throw badMark(parsed.problem);
  const where = socketPath || url;
  if (!where)
    throw new InputError(
      "no-measurement",
      `no measurement is going on here: neither ${SOCKET_VARIABLE} nor ${URL_VARIABLE} is set`,
      "run this inside `joulecast measure -- PROGRAM` or `joulecast run -- PROGRAM`",
    );
  let refused: string | undefined;
  try {
    refused = await (socketPath ? bySocket(line, socketPath) : byHttp(line, where));
  } catch (error) {
    const { code, cause, message } = error as NodeJS.ErrnoException & { readonly cause?: NodeJS.ErrnoException };
    throw new InputError(
      "no-measurement",
      `nobody takes marks at "${where}": ${code ?? cause?.code ?? message}`,
      "the measurement may have ended: set marks while it runs",
    );
  }
  if (refused !== undefined) throw badMark(refused);
}

/** @returns why the mark is refused, or undefined */
async function bySocket(line: string, socketPath: string): Promise<string | undefined> {
  const socket = connect({ path: socketPath });
  let answer = "";
  socket.setEncoding("utf8").on("data", (text: string) => {
    answer += text;
  });
  const closed = once(socket, "close"); // rejects with the socket's error
  socket.end(`${line}\n`);
  await closed;
  return answer.startsWith("refused: ") ? answer.slice("refused: ".length).trim() : undefined;
}

/** @returns why the mark is refused, or undefined */
async function byHttp(line: string, url: string): Promise<string | undefined> {
  const response = await fetch(`${url.replace(/\/$/, "")}/mark`, { method: "POST", body: line });
  return response.ok ? undefined : (await response.text()).trim();
}

function badMark(problem: string): InputError {
  return new InputError("bad-mark", `this is no mark: ${problem}`, "write NAME or NAME VALUE, such as `epoch 3`");
}
