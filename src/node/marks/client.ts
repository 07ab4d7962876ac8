// Sets a mark in a measurement that is going on: what `joulecast mark epoch 3` does, for shells and for programs in any language.
import { once } from "node:events";
import { connect } from "node:net";
import { InputError } from "../../units/input-error.ts";
import { parseMark, type SaidMark } from "./line.ts";
import { SOCKET_VARIABLE } from "./server.ts";

/**
 * Sends one mark and waits until it is taken.
 * @param socketPath default: what the measuring joulecast put into the environment
 * @throws InputError "no-measurement" when none listens there, "bad-mark" when the mark is refused
 */
export async function sendMark(
  mark: SaidMark,
  socketPath: string | undefined = process.env[SOCKET_VARIABLE],
): Promise<void> {
  const line = JSON.stringify(mark);
  const parsed = parseMark(line);
  if (parsed !== undefined && "problem" in parsed) throw badMark(parsed.problem);
  if (socketPath === undefined || socketPath === "")
    throw new InputError(
      "no-measurement",
      `no measurement is going on here: ${SOCKET_VARIABLE} is not set`,
      "run this inside `joulecast measure -- PROGRAM` or `joulecast run -- PROGRAM`",
    );
  const socket = connect({ path: socketPath });
  let answer = "";
  socket.setEncoding("utf8").on("data", (text: string) => {
    answer += text;
  });
  const closed = once(socket, "close"); // rejects with the socket's error
  socket.end(`${line}\n`);
  try {
    await closed;
  } catch (error) {
    throw new InputError(
      "no-measurement",
      `nobody takes marks at "${socketPath}": ${(error as NodeJS.ErrnoException).code}`,
      "the measurement may have ended: set marks while it runs",
    );
  }
  if (answer.startsWith("refused: ")) throw badMark(answer.slice("refused: ".length).trim());
}

function badMark(problem: string): InputError {
  return new InputError("bad-mark", `this is no mark: ${problem}`, "write NAME or NAME VALUE, such as `epoch 3`");
}
