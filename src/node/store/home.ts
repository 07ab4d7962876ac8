// Where joulecast keeps what it recorded: one folder, moved as a whole by JOULECAST_HOME. Paths and their creation only.
import { accessSync, constants, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { InputError } from "../../units/input-error.ts";
import { explainRefusal } from "../files.ts";

/** The places inside the data folder. */
export interface HomePaths {
  readonly home: string;
  /** The index over all runs; can be rebuilt from `runs`. */
  readonly database: string;
  /** One folder per finished run: the truth. */
  readonly runs: string;
  /** One file per run that is going on, or was killed. */
  readonly journals: string;
}

/** What decides where the folder is; the defaults are this machine's. */
export interface HomeSettings {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly platform?: string;
  readonly userHome?: string;
}

/**
 * The data folder: `JOULECAST_HOME`, else what the platform has for such data: XDG_DATA_HOME/joulecast (default
 * ~/.local/share/joulecast), ~/Library/Application Support/joulecast on macOS, %LOCALAPPDATA%\joulecast on Windows.
 * Nothing is created. A relative XDG_DATA_HOME is ignored, as its specification asks [XDG].
 */
export function homePath(settings: HomeSettings = {}): string {
  const { env = process.env, platform = process.platform, userHome = homedir() } = settings;
  if (env.JOULECAST_HOME) return resolve(env.JOULECAST_HOME);
  if (platform === "darwin") return join(userHome, "Library", "Application Support", "joulecast");
  if (platform === "win32") return join(env.LOCALAPPDATA || join(userHome, "AppData", "Local"), "joulecast");
  const xdg = env.XDG_DATA_HOME;
  return join(xdg && isAbsolute(xdg) ? xdg : join(userHome, ".local", "share"), "joulecast");
}

/** The places inside `home`. Nothing is created. */
export function pathsOf(home: string): HomePaths {
  return {
    home,
    database: join(home, "joulecast.duckdb"),
    runs: join(home, "runs"),
    journals: join(home, "journals"),
  };
}

/**
 * Creates the data folder where it is missing, readable by its owner only: command lines are in it.
 * @throws InputError "no-home" when it cannot be made or written (rights, full disk, a file in its place)
 */
export function prepareHome(home: string = homePath()): HomePaths {
  const paths = pathsOf(home);
  try {
    for (const folder of [home, paths.runs, paths.journals]) mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(home, constants.W_OK);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const known = explainRefusal(error, home, "write");
    if (!(known instanceof InputError) && code !== "EEXIST") throw error;
    const reason = code === "EEXIST" ? "a file is in its place" : (known as Error).message.replace(/^.*": /, "");
    throw new InputError(
      "no-home",
      `cannot use the data folder "${home}": ${reason}`,
      "set JOULECAST_HOME to a folder that you can write",
    );
  }
  return paths;
}
