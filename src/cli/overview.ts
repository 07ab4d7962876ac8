// `joulecast --help`: every command on one line, grouped by what a person is about to do. Commands are not loaded for it.
import type { IndexedCommand } from "./command.ts";
import { TOPICS } from "./topics/table.ts";

/** Heading → commands below it, in the order of a first week with the program. */
export const GROUPS: readonly (readonly [string, readonly string[]])[] = [
  ["Before anything runs", ["estimate", "inspect", "devices", "zoo", "zoo write"]],
  ["Measuring", ["doctor", "measure", "compare", "run", "mark"]],
  ["Earlier runs", ["history", "history rm", "import", "export", "serve"]],
  ["Predicting", ["collect", "calibrate", "fit", "predict", "profile", "plan", "step"]],
  ["Training and reducing", ["train", "distil", "prune", "quantize", "advise", "data get"]],
  ["Radio and splitting", ["link ber", "link capacity", "split", "split serve", "split infer"]],
  ["Studies", ["study run", "study report", "study verify", "study cap", "agent", "reproduce"]],
  ["Help", ["help", "completion"]],
];

/** Headings with their commands; what no group names comes last. */
function grouped(commands: readonly IndexedCommand[]): readonly (readonly [string, readonly IndexedCommand[]])[] {
  const groups = GROUPS.map(([title, names]): readonly [string, readonly IndexedCommand[]] => [
    title,
    names.flatMap((name) => commands.filter((command) => command.name === name)),
  ]);
  const named = new Set(GROUPS.flatMap(([, names]) => names));
  const others = commands.filter(({ name }) => !named.has(name));
  return [...groups, ["More", others] as const].filter(([, found]) => found.length > 0);
}

/** Breaks text into lines of at most `width` characters, at spaces. */
function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

function row(name: string, summary: string, nameWidth: number, width: number): string {
  const [first = "", ...rest] = wrapped(summary, width - nameWidth - 4);
  return [`  ${name.padEnd(nameWidth)}  ${first}`, ...rest.map((line) => " ".repeat(nameWidth + 4) + line)].join("\n");
}

/** The whole text of --help, at most `width` columns. */
export function overview(commands: readonly IndexedCommand[], width: number): string {
  const nameWidth = Math.max(...commands.map(({ name }) => name.length));
  const groups = grouped(commands).map(([title, found]) =>
    [`${title}:`, ...found.map(({ name, summary }) => row(name, summary, nameWidth, width))].join("\n"),
  );
  const topics = wrapped(Object.keys(TOPICS).join(", "), width - 2).map((line) => `  ${line}`);
  return [
    "Usage: joulecast COMMAND [options]",
    "Tells where the joules of a neural network go.",
    ...groups,
    ["Topics (`joulecast help TOPIC`):", ...topics].join("\n"),
    wrapped(
      "`joulecast COMMAND --help` has a command's options and examples; --version says which this is.",
      width,
    ).join("\n"),
    "Begin with:\n  $ joulecast estimate zoo:deeprx\n  $ joulecast doctor",
  ]
    .join("\n\n")
    .concat("\n");
}
