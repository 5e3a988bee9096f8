import node from "@astrojs/node";
import react from "@astrojs/react";
import { defineConfig } from "astro/config";
import emdash from "emdash/astro";
import { libsql } from "emdash/db";

const baseUrl = process.env.PREWARM_URL;

export default defineConfig({
  output: "server",
  adapter: node({ mode: "standalone" }),
  image: { service: { entrypoint: "@prewarm/client/astro", config: { baseUrl } } },
  integrations: [
    react(),
    emdash({
      database: libsql({ url: "file:./data.db" }),
      storage: { entrypoint: "/src/storage.mjs", config: { directory: "./uploads" } },
      fonts: false,
    }),
  ],
});
