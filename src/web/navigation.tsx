// The address as state: what is shown follows from it, and what the user changes becomes a new one.
import { useCallback, useEffect, useState } from "preact/hooks";
import { formatRoute, parseRoute, type Route, type ViewName, withParams } from "./route.ts";

export interface Navigation {
  readonly route: Route;
  /** A parameter of the address; undefined where it is not in it. */
  param(name: string): string | undefined;
  /**
   * Changes parameters of this view; undefined takes one away.
   * @param isSmall typing, dragging: the address changes, but back does not stop here
   */
  set(changes: Readonly<Record<string, string | undefined>>, isSmall?: boolean): void;
  go(view: ViewName, params?: Readonly<Record<string, string>>): void;
}

export const linkTo = (view: ViewName, params: Readonly<Record<string, string>> = {}): string =>
  formatRoute({ view, params: new Map(Object.entries(params)) });

export function useNavigation(): Navigation {
  const [route, setRoute] = useState(() => parseRoute(location.hash));
  useEffect(() => {
    const follow = () => setRoute(parseRoute(location.hash));
    addEventListener("popstate", follow);
    addEventListener("hashchange", follow);
    return () => {
      removeEventListener("popstate", follow);
      removeEventListener("hashchange", follow);
    };
  }, []);
  const move = useCallback((next: Route, isSmall: boolean) => {
    const address = formatRoute(next);
    if (address === formatRoute(parseRoute(location.hash))) return;
    if (isSmall) history.replaceState(null, "", address);
    else history.pushState(null, "", address);
    setRoute(next);
  }, []);
  return {
    route,
    param: (name) => route.params.get(name),
    set: (changes, isSmall = false) => move(withParams(parseRoute(location.hash), changes), isSmall),
    go: (view, params = {}) => move({ view, params: new Map(Object.entries(params)) }, false),
  };
}
