// `joulecast help config`.
import type { Topic } from "./topic.ts";

export const config: Topic = {
  title: "Defaults for a project: joulecast.config.json",
  text: `The nearest joulecast.config.json, in this folder or one above it, supplies
options that the command line does not give. The command line wins. --no-config
ignores the file; --verbose says what was taken from it.

  {
    "region": "FI",
    "estimate": { "on": ["coral-edge-tpu", "rtx-3090"], "metric": "roofline" },
    "measure": { "repeat": 5, "no-models": true }
  }

A name on the top level goes to every command with such an option, one under a
command to that command only ("study run": { ... } for two words). Names are the
long options without dashes. Values: text or numbers for options with a value,
lists for options that take several, true for switches.

What does not exist or has the wrong type is an error that names the place.
Options that write files, start programs or speak to other machines (out, html,
shell, webhook, store, ...) are refused there: a folder from a stranger must not
set them.

Paths in it mean what they mean on the command line: from where you stand. An
editor completes it with the schema data/schemas/config.json of the package.`,
};
