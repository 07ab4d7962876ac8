// `joulecast help exit-codes`.
import type { Topic } from "./topic.ts";

export const exitCodes: Topic = {
  title: "What the exit code says",
  text: `  0     done
  1     a limit that you set was exceeded (--max-j, --max-increase), or a
        comparison failed
  2     your input cannot be used; the message says what to do next
  70    a bug in joulecast: please report it with the command line
  130   interrupted (Ctrl-C)

Commands that run a program of yours (measure -- CMD, compare, run -- CMD) end
with that program's exit code (compare: the first that is not 0), and with these
of their own:

  125   this machine did not let joulecast measure or keep: no power source, no
        data folder, a file that cannot be written
  126   the program cannot be executed
  127   the program was not found

With --json an error is also an object on stdout: { "error": { "code", ... } }.
The codes are stable names such as "unknown-device".`,
};
