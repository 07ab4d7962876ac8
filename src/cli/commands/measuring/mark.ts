// `joulecast mark NAME [VALUE]`: a named instant in the measurement that is going on, for shells and any language.
import { CLOSE, OPEN } from "../../../measure/windows.ts";
import { sendMark } from "../../../node/marks/client.ts";
import { InputError } from "../../../units/input-error.ts";
import type { Command, OptionValues } from "../../command.ts";
import { textOption } from "../../options.ts";

/** "3" is a number, "v1.2" a text. */
const numberOrText = (word: string): string | number =>
  word.trim() !== "" && Number.isFinite(Number(word)) ? Number(word) : word;

function markOf([name, ...words]: readonly string[], options: OptionValues) {
  const asked = [
    [OPEN, textOption(options, "--open")],
    [CLOSE, textOption(options, "--close")],
  ] as const;
  const windows = asked.flatMap(([kind, window]) => (window === undefined ? [] : [{ name: kind, value: window }]));
  if (windows.length + (name === undefined ? 0 : 1) !== 1)
    throw new InputError(
      "one-mark",
      name === undefined && windows.length === 0 ? "no mark is named" : "more than one mark at once",
      "joulecast mark epoch 3, or mark --open NAME, or mark --close NAME",
    );
  if (windows[0] !== undefined) return windows[0];
  return words.length === 0 ? { name: name! } : { name: name!, value: numberOrText(words.join(" ")) };
}

export const mark: Command = {
  name: "mark",
  summary: "set a mark in the measurement that runs this: an epoch, or a window's ends",
  arguments: [
    { name: "name", description: 'name of the mark; "epoch" divides a run into epochs', required: false },
    { name: "value", description: "a number or text that goes with it", required: false },
  ],
  options: [
    { flags: "--open <window>", description: "open a window of that name; windows may overlap" },
    { flags: "--close <window>", description: "close the window of that name that was opened last" },
  ],
  notes: [
    "Programs that measure, compare and run start find two addresses in their",
    "environment and need no package. Each takes lines, NAME or NAME VALUE:",
    "  JOULECAST_SOCKET  path of a Unix socket (on Windows a named pipe)",
    "  JOULECAST_URL     http://127.0.0.1:PORT; POST /mark with a line, or with JSON:",
    '                    {"name": "epoch", "value": 3}',
    "`window-open NAME` and `window-close NAME` are the ends of a window. In Python:",
    "  import os, urllib.request as u",
    '  u.urlopen(os.environ["JOULECAST_URL"] + "/mark", b"epoch 3")',
    "",
    "A mark has the time at which it arrives. Work handed to a GPU goes on after the",
    "call that hands it over: wait for it before the mark, torch.cuda.synchronize(),",
    "or its joules fall into what comes after. Nobody can do that from outside.",
  ],
  examples: ["joulecast mark epoch 3", "joulecast mark --open validation"],
  run: async (args, options) => {
    const said = markOf(args, options);
    await sendMark(said);
    return {
      result: { name: said.name, value: "value" in said ? said.value : null },
      document: { title: `marked ${said.name}`, sections: [] },
      textTo: "nowhere",
    };
  },
};
