// What surrounds a program: streams that break, Ctrl-C, bugs. main.ts is the program.

/** Exit code of a bug: EX_SOFTWARE of sysexits. */
const BUG = 70;

/**
 * Runs `body` as this process's job and sets the exit code to what it returns.
 * @param bugCode exit code when `body` throws what no user can mend. Default 70
 */
export async function runProgram(body: () => Promise<number>, bugCode = BUG): Promise<void> {
  // A reader that goes away (`joulecast zoo | head`) is no error; of stderr, it must not change the exit code.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
  process.stderr.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  // A measurement listens too, to end with a report; without it, or the second time, Ctrl-C ends the program.
  process.on("SIGINT", () => process.listenerCount("SIGINT") === 1 && process.exit(130));
  try {
    process.exitCode = await body();
  } catch (bug) {
    const told = (bug as Error).stack ?? bug;
    process.stderr.write(`joulecast: this is a bug, please report it with the command line\n${told}\n`);
    process.exitCode = bugCode;
  }
}
