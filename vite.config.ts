// The page's build: src/web → dist/web, with relative paths, so that any file host can serve it. The tests' runner has a file of its own.
import { defineConfig } from "vite";

export default defineConfig({
  root: "src/web",
  base: "./",
  publicDir: false,
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "../../dist/web",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  worker: { format: "es" },
});
