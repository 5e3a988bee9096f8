// Printed by `prewarm print client`; print it anew when prewarm.config.ts changes. Nothing in it is secret.
export const publicConfig = {
  maxPx: 2048,
  formats: ["avif"],
  ratios: ["1:1", "4:3", "3:2", "16:9", "1.91:1"],
  presets: { thumb: "w=160&h=160&fit=cover&f=auto", card: "w=640&h=480&fit=cover&f=auto" },
  pages: {
    widths: [320, 480, 640, 828, 1080, 1440, 1920],
    formats: ["auto"],
    qualities: ["high"],
    ratios: [],
  },
  passThrough: ["svg", "gif", "ico"],
  access: "open",
} as const;
