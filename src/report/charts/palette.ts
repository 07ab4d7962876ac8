// Colours of series, as data. After Okabe and Ito [Okabe2008], each moved in lightness until it has a contrast of at least
// 3:1 on the light page and on the dark one (chart.test.ts), because one SVG serves both.

export const SERIES_COLORS = ["#2b7bba", "#d55e00", "#00946b", "#b8559a", "#9a7400", "#6a6fd0", "#6b7785"] as const;

/** The page that charts stand on, light and dark. html-style.ts uses the same. */
export const PAGE_COLORS = { light: "#ffffff", dark: "#16191d" } as const;

/** What series beyond the palette share. */
const OTHER = "other";

/** At most as many names as there are colours; the rest become OTHER, which is then the last. */
export function colored(names: readonly string[]): { readonly domain: readonly string[]; of(name: string): string } {
  const unique = [...new Set(names)];
  if (unique.length <= SERIES_COLORS.length) return { domain: unique, of: (name) => name };
  const kept = unique.filter((name) => name !== OTHER).slice(0, SERIES_COLORS.length - 1);
  return { domain: [...kept, OTHER], of: (name) => (kept.includes(name) ? name : OTHER) };
}
