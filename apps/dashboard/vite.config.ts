import preact from "@preact/preset-vite";
import { defineConfig } from "vite";

export default defineConfig({
  // No dev-only hooks and no babel: the signals need neither.
  plugins: [preact({ devToolsEnabled: false, prefreshEnabled: false })],
  build: {
    target: "es2023",
    // The CSP knows no `data:` address, and nothing is inlined into the page.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { proxy: { "/api": "http://localhost:8788" } },
});
