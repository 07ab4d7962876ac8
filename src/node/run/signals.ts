// Signals as a program gets them that runs another one. Not how they are handed on: command.ts.

/** Signals that are handed on. What cannot be caught (SIGKILL, SIGSTOP) cannot be handed on either. */
export const HANDED_ON = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR2", "SIGCONT"] as const;
/** Signals after which no further run is started. */
export const ENDING: readonly string[] = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"];
/** Signals that a terminal's keys send to every program in its foreground. */
export const FROM_KEYS: readonly string[] = ["SIGINT", "SIGQUIT"];
