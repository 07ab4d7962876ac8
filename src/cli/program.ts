// What surrounds a program: streams that break, Ctrl-C, bugs. main.ts is the program.

/** Exit codes of what is no result: a bug (EX_SOFTWARE of sysexits), and a result that cannot be written. */
export interface FailureCodes {
  readonly bug: number;
  readonly unwritten: number;
}
const CODES: FailureCodes = { bug: 70, unwritten: 2 };

/**
 * Runs `body` as this process's job and sets the exit code to what it returns.
 * @param codes exit codes when `body` throws what no user can mend, and when the disk under stdout or stderr is full. Default 70 and 2
 */
export async function runProgram(body: () => Promise<number>, codes = CODES): Promise<void> {
  // A reader that goes away (`joulecast zoo | head`) is no error; of stderr, it must not change the exit code.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    process.stderr.write(`joulecast: standard output cannot be written: ${error.message}\n`);
    process.exit(codes.unwritten);
  });
  process.stderr.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") process.exit(codes.unwritten);
  });
  // A measurement listens too, to end with a report; without it, or the second time, Ctrl-C ends the program.
  process.on("SIGINT", () => process.listenerCount("SIGINT") === 1 && process.exit(130));
  try {
    process.exitCode = await body();
  } catch (bug) {
    const told = (bug as Error).stack ?? bug;
    process.stderr.write(`joulecast: this is a bug, please report it with the command line\n${told}\n`);
    process.exitCode = codes.bug;
  }
}
