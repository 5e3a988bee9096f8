export default defineNuxtConfig({
  compatibilityDate: "2026-11-01",
  telemetry: false,
  modules: ["@nuxt/image"],
  image: {
    provider: "prewarm",
    providers: {
      prewarm: {
        provider: "@prewarm/client/nuxt",
        options: { baseUrl: "https://images.example.com", access: "private" },
      },
    },
  },
});
