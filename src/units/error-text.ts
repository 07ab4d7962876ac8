// What other programs' errors say, short enough for a sentence of ours: loaders and parsers add long lists, and quote line ends.

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** First line of an error's message. */
export function firstLine(error: unknown): string {
  return textOf(error).split("\n")[0] ?? "";
}

/** An error's whole message in one line: line ends in what it quotes become spaces. */
export function oneLine(error: unknown): string {
  return textOf(error).replaceAll(/\s*[\r\n]+\s*/g, " ");
}
