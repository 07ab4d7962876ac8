// Whether a program can be started, before ten seconds of idle power are recorded for it. The rules of execvp: a name with a slash is
// a path, another is looked for along PATH. A guess only for the message's sake: what really happens is command.ts.
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";
import { InputError } from "../../units/input-error.ts";

/** Exit codes that are ours and not the program's. */
export const EXIT = { ourFailure: 125, notExecutable: 126, notFound: 127, signalBase: 128 } as const;

export interface NotStartable {
  readonly exitCode: number;
  readonly problem: InputError;
}

function stateOf(path: string): "runs" | "closed" | "absent" {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return "absent";
  try {
    accessSync(path, constants.X_OK);
    return "runs";
  } catch {
    return "closed";
  }
}

/** Undefined when the program can be started, as far as can be seen. On Windows always. */
export function whyNotStartable(
  program: string,
  { cwd = ".", path = process.env.PATH ?? "" }: { readonly cwd?: string; readonly path?: string } = {},
): NotStartable | undefined {
  if (process.platform === "win32") return undefined;
  const below = (file: string) => (isAbsolute(file) ? file : join(cwd, file));
  const places = program.includes("/") ? [program] : path.split(delimiter).map((folder) => join(folder, program));
  const states = places.map((place) => stateOf(below(place)));
  if (states.includes("runs")) return undefined;
  const isFolder = program.includes("/") && statSync(below(program), { throwIfNoEntry: false })?.isDirectory();
  return states.includes("closed") || isFolder
    ? notExecutable(program, isFolder ? "it is a folder" : "its mode has no x")
    : notFound(program);
}

export function notExecutable(program: string, reason: string): NotStartable {
  const hint = "check its mode (chmod +x), or put the interpreter before it";
  const problem = new InputError("not-executable", `"${program}" cannot be run: ${reason}`, hint);
  return { exitCode: EXIT.notExecutable, problem };
}

export function notFound(program: string): NotStartable {
  const problem = new InputError("not-found", `no program "${program}"`, "check the spelling and the PATH");
  return { exitCode: EXIT.notFound, problem };
}
