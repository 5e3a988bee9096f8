import { defineConfig } from "astro/config";

export default defineConfig({
  image: {
    service: {
      entrypoint: "./src/signed-images.mjs",
      config: { baseUrl: "https://images.example.com", access: "private" },
    },
  },
});
