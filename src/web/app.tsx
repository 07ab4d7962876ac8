// The frame of the page: name, views, theme. Each view is loaded when it is first shown.
import type { FunctionComponent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { useDrop } from "./drop.ts";
import { openFile } from "./model/opened.ts";
import { linkTo, type Navigation, useNavigation } from "./navigation.tsx";
import { formatRoute, type Route, routeTo, VIEWS, type ViewName } from "./route.ts";
import { ModelView } from "./views/model.tsx";

export interface ViewProps {
  readonly at: Navigation;
}

type View = FunctionComponent<ViewProps>;

const LOADERS: Readonly<Record<ViewName, () => Promise<View>>> = {
  model: async () => ModelView,
  compare: async () => (await import("./views/compare.tsx")).CompareView,
  live: async () => (await import("./views/live.tsx")).LiveView,
  runs: async () => (await import("./views/runs.tsx")).RunsView,
  split: async () => (await import("./views/split.tsx")).SplitView,
  study: async () => (await import("./views/study.tsx")).StudyView,
};

const TITLES: Readonly<Record<ViewName, string>> = {
  model: "Model",
  compare: "Compare",
  live: "Live",
  runs: "Runs",
  split: "Split",
  study: "Study",
};

/** Views that take no files themselves: a network that is dropped there is opened where networks are. */
const TAKES_NO_FILES: readonly ViewName[] = ["live", "runs"];

const THEMES = ["system", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];
const THEME_KEY = "joulecast-theme";

const isTheme = (word: string | null): word is Theme => (THEMES as readonly (string | null)[]).includes(word);

/** Where a browser allows no storage, the choice lasts as long as the page. */
function keptTheme(): string | null {
  try {
    return localStorage.getItem(THEME_KEY);
  } catch {
    return null;
  }
}

function keepTheme(theme: Theme): void {
  try {
    localStorage.setItem(THEME_KEY, theme);
  } catch {
    // Then it is not kept.
  }
}

function useTheme(): [Theme, (theme: Theme) => void] {
  const [theme, setTheme] = useState<Theme>(() => {
    const kept = keptTheme();
    // Before anything is drawn, so that it is drawn once.
    document.documentElement.dataset.theme = kept ?? THEMES[0];
    return isTheme(kept) ? kept : "system";
  });
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
    keepTheme(theme);
  }, [theme]);
  return [theme, setTheme];
}

export function App() {
  const at = useNavigation();
  const { view } = at.route;
  const [loaded, setLoaded] = useState<Readonly<Partial<Record<ViewName, View>>>>({ model: ModelView });
  const [theme, setTheme] = useTheme();
  const main = useRef<HTMLElement>(null);
  const shownBefore = useRef(view);
  useEffect(() => {
    if (loaded[view] === undefined)
      void LOADERS[view]().then((component) => setLoaded((known) => ({ ...known, [view]: component })));
    if (shownBefore.current === view) return;
    shownBefore.current = view;
    main.current?.focus();
  }, [view, loaded]);
  useEffect(() => {
    document.title = `${TITLES[view]} · joulecast`;
  }, [view]);
  const places = useRef(new Map<ViewName, Route>());
  places.current.set(view, at.route);
  useDrop((file) => {
    if (TAKES_NO_FILES.includes(view)) at.go("model", { net: openFile(file) });
  });
  const View = loaded[view];
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        Skip to the content
      </a>
      <header class="top">
        <a class="name" href={linkTo("model")}>
          joulecast
        </a>
        <nav aria-label="Views">
          {VIEWS.map((name) => (
            <a
              key={name}
              href={formatRoute(routeTo(name, at.route, places.current.get(name)))}
              aria-current={name === view ? "page" : undefined}
            >
              {TITLES[name]}
            </a>
          ))}
        </nav>
        <label class="theme">
          <span class="unseen">Colours</span>
          <select value={theme} onChange={(event) => setTheme(event.currentTarget.value as Theme)}>
            {THEMES.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        {View === undefined ? <p class="quiet">loading …</p> : <View at={at} />}
      </main>
      <footer>
        Modelled joules are estimates from published numbers and say so. Nothing that you open here leaves this machine.
      </footer>
    </>
  );
}
