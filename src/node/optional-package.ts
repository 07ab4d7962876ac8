// Packages that joulecast does without until a command needs one: what is said where it is missing, in one form for all.
import { firstLine } from "../units/error-text.ts";
import { InputError } from "../units/input-error.ts";

/** The package's own name in a loader's complaint: another missing module is a broken installation, and told as it is. */
function isMissing(error: unknown, name: string): boolean {
  const { code, message = "" } = (error ?? {}) as { readonly code?: unknown; readonly message?: string };
  return (code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND") && message.includes(`'${name}'`);
}

/** Why an optional package cannot be had. @param name as npm knows it */
export function whyNotLoaded(error: unknown, name: string): string {
  return isMissing(error, name)
    ? `the optional package ${name} is not installed`
    : `the package ${name} cannot be loaded: ${firstLine(error)}`;
}

/**
 * Loads an optional package.
 * @param load imports it
 * @param meanwhile what is possible without it, if anything: ends the hint
 * @throws InputError of that code
 */
export async function loadOptional<T>(
  code: string,
  name: string,
  load: () => Promise<T>,
  meanwhile?: string,
): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const install = `install it beside joulecast: npm install ${name}`;
    throw new InputError(
      code,
      whyNotLoaded(error, name),
      meanwhile === undefined ? install : `${install}; ${meanwhile}`,
    );
  }
}
