// Who may ask the local server: a browser of this machine, by a loopback name (DNS rebinding [CWE-350]), from our own page (cross-site
// requests [CWE-352]), with the token that was printed. Loopback alone is no lock: other users and every web page can reach it.
import { randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** For `host:port` of the address that the server listens on. */
export interface Guard {
  /** In the link that is printed. */
  readonly token: string;
  /** Why a request is refused whatever it asks for; undefined when it may go on. */
  refusal(request: IncomingMessage): string | undefined;
  /** Whether it carries the token: as the cookie that the printed link sets. */
  isKnown(request: IncomingMessage): boolean;
  /** The `set-cookie` of someone who came with the token in the address; undefined for others. */
  cookieFor(token: string | null): string | undefined;
}

const TOKEN_BYTES = 32;
const NAMES = ["127.0.0.1", "localhost", "[::1]"];
/** A page of another site, or of another port of this host, is not ours. */
const OURS = [undefined, "same-origin", "none"];

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

export function makeGuard(port: number, token: string = randomBytes(TOKEN_BYTES).toString("base64url")): Guard {
  const hosts = new Set(NAMES.map((name) => `${name}:${port}`));
  // Cookies know no ports: two servers on one machine keep theirs apart by name.
  const cookie = `joulecast-${port}`;
  return {
    token,
    refusal({ headers, method }) {
      const { host = "", origin } = headers;
      if (!hosts.has(host)) return `this server answers to ${NAMES[0]}:${port} only`;
      if (origin !== undefined && origin !== `http://${host}`) return "a page of another site may not ask";
      const site = headers["sec-fetch-site"];
      const isVisit = method === "GET" && headers["sec-fetch-mode"] === "navigate";
      if (!isVisit && !OURS.includes(site as string | undefined)) return "a page of another site may not ask";
      return undefined;
    },
    isKnown: ({ headers }) =>
      (headers.cookie ?? "")
        .split(/;\s*/u)
        .some((pair) => pair.startsWith(`${cookie}=`) && isSame(pair.slice(cookie.length + 1), token)),
    cookieFor: (given) =>
      given !== null && isSame(given, token) ? `${cookie}=${token}; HttpOnly; SameSite=Strict; Path=/` : undefined,
  };
}
