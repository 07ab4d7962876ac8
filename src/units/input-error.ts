// The one error for what a user can mend: it says the value met, what was expected, and the next step.
// Anything else that is thrown is a bug and keeps its stack. Only cli/main.ts catches.

/** A problem in the user's input. `message` holds the value and what was expected; `hint` is the next step. */
export class InputError extends Error {
  /** Stable machine-readable name of the problem, kebab-case: "unknown-device". */
  readonly code: string;
  /** What to do next, one sentence. */
  readonly hint: string;

  constructor(code: string, message: string, hint = "") {
    super(message);
    this.name = "InputError";
    this.code = code;
    this.hint = hint;
  }
}
