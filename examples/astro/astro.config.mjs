import { defineConfig } from "astro/config";

export default defineConfig({
  image: {
    service: { entrypoint: "@prewarm/client/astro", config: { baseUrl: "https://images.example.com" } },
  },
});
