// The address of what is shown: "#/model?net=zoo:vgg16&on=t4". The hash holds the whole view, so that a link restores it, back and
// forward work, and any file host will do. Knows names and values only, not what they mean.

export const VIEWS = ["model", "compare", "live", "runs", "split", "study"] as const;
export type ViewName = (typeof VIEWS)[number];

export interface Route {
  readonly view: ViewName;
  readonly params: ReadonlyMap<string, string>;
}

const isView = (word: string): word is ViewName => (VIEWS as readonly string[]).includes(word);

/** The view of a hash; what is no view is the first one. */
export function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/u, "").split("?");
  return { view: isView(path) ? path : VIEWS[0], params: new Map(new URLSearchParams(query)) };
}

/** As it stands in a link: names sorted, so that one view has one address; empty values left out. */
export function formatRoute({ view, params }: Route): string {
  const kept = [...params].filter(([, value]) => value !== "").sort(([a], [b]) => (a < b ? -1 : 1));
  const query = kept.map(([name, value]) => `${encodeURIComponent(name)}=${encode(value)}`).join("&");
  return `#/${view}${query === "" ? "" : `?${query}`}`;
}

/** Names of networks and lists of devices stay readable. */
const encode = (value: string): string => encodeURIComponent(value).replace(/%(?:2C|3A|2F)/gu, decodeURIComponent);

/** The same view with some parameters changed; undefined takes one away. */
export function withParams(route: Route, changes: Readonly<Record<string, string | undefined>>): Route {
  const params = new Map(route.params);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) params.delete(name);
    else params.set(name, value);
  }
  return { view: route.view, params };
}

/** The parameter that holds a view's network. */
const NETWORK: Readonly<Partial<Record<ViewName, string>>> = { model: "net", compare: "a", split: "net" };

/**
 * Where a link from one view to another leads: to what was left there. The network that is looked at goes along, except into a
 * comparison that was begun, and out of one.
 * @param left the other view's route when it was shown last
 */
export function routeTo(view: ViewName, from: Route, left: Route | undefined): Route {
  const start: Route = { view, params: new Map() };
  if (view === from.view) return start;
  const [source, target] = [NETWORK[from.view], NETWORK[view]];
  const network = source === undefined ? undefined : from.params.get(source);
  const isCarried = target !== undefined && network !== undefined && (left === undefined || source === target);
  return withParams(left ?? start, isCarried ? { [target]: network } : {});
}
