// One page of `joulecast help TOPIC`: words for people, at most 80 columns, no program.

export interface Topic {
  readonly title: string;
  /** Paragraphs, lists and examples as they are printed, lines of at most 80 columns, without an ending newline. */
  readonly text: string;
}
