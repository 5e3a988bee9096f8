// Printed by `prewarm client`; print it anew when prewarm.config.ts changes. Nothing in it is secret.
export const publicConfig = {
  ladder: [
    16, 32, 48, 64, 96, 128, 160, 256, 320, 384, 400, 480, 640, 750, 800, 828, 960, 1080, 1200, 1280, 1440, 1600, 1920,
    2048,
  ],
  formats: ["webp", "avif", "jpeg"],
  qualities: ["very_low", "low", "medium", "high", "very_high"],
  ratios: ["1:1", "4:3", "3:2", "16:9", "1.91:1"],
  presets: { thumb: "w=160&h=160&fit=cover&f=auto", card: "w=640&h=480&fit=cover&f=auto" },
  pages: { widths: [320, 480, 640, 828, 1080, 1440, 1920], format: "auto" },
  signing: "custom",
  passThrough: ["svg", "gif", "ico"],
} as const;
