// `npm run licences`: every package that an installation of joulecast may bring along, with its licence, from the lock file alone.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Licences approved by the OSI that lay no duty on programs that merely use the package. */
export const ALLOWED = [
  "0BSD",
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "BlueOak-1.0.0",
  "ISC",
  "MIT",
  "Unlicense",
];

/** "(MIT OR CC0-1.0)" is allowed if one of the choices is, "A AND B" if all are. */
export function isAllowed(licence) {
  const bare = licence.replaceAll(/[()]/g, "");
  return bare.split(" OR ").some((choice) => choice.split(" AND ").every((name) => ALLOWED.includes(name.trim())));
}

/** Production packages: name, version, licence ("" when the lock file does not say), and whether it can be left out. */
export function productionPackages() {
  const lock = JSON.parse(readFileSync(fileURLToPath(new URL("../package-lock.json", import.meta.url)), "utf8"));
  return Object.entries(lock.packages).flatMap(
    ([path, { version, license = "", dev, devOptional, optional = false }]) =>
      path === "" || dev || devOptional
        ? []
        : [{ name: path.replace(/^.*node_modules\//, ""), version, licence: license, optional }],
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const packages = productionPackages();
  for (const { name, version, licence, optional } of packages)
    console.log(
      `${name}@${version}\t${licence}${optional ? "\toptional" : ""}${isAllowed(licence) ? "" : "\tNOT ALLOWED"}`,
    );
  const needed = packages.filter(({ optional }) => !optional).length;
  console.log(`${packages.length} packages, ${needed} of them needed, the others optional`);
}
