import { defineConfig } from "prewarm/config";

export default defineConfig({
  // Where the originals are. {id} is what follows /images/ in an image URL.
  sources: [{ prefix: "", url: "https://origin.example.com/uploads/{id}" }],
  deploy: { staging: {}, production: { edge: "images.example.com" } },
});
