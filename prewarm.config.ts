import { defineConfig } from "prewarm/config";

// The one file to edit. Every setting and its default: docs/configuration.md.
export default defineConfig({
  sources: [{ prefix: "", url: "https://cdn.example.com/originals/{id}" }],
  presets: {
    thumb: "w=160&h=160&fit=cover&f=auto",
    card: "w=640&h=480&fit=cover&f=auto",
  },
  // Beside `upload`, which is what pages ask for (`pages`).
  recipes: { social: ["w=1200&f=jpeg", "p=card"] },
  // Yours, such as production: { edge: "images.example.com", control: "control.example.com" }.
  deploy: { staging: {}, production: {} },
  hooks: {
    uploads: {
      verifier: { kind: "standard-webhooks", secrets: ["HOOK_SECRET"] },
      mapper: { kind: "native" },
      recipe: "upload",
    },
  },
});
