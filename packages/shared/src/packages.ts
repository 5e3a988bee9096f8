/**
 * The names of the published packages. A site imports the first by name and installs the first and the local stack, so another name is a change here and
 * in the sites.
 */
export const PACKAGES = {
  prewarm: "prewarm",
  client: "@prewarm/client",
  /** The local stack, with wrangler: what a site needs to develop and to deploy. */
  local: "@prewarm/local",
  /** `npm create prewarm` asks npm for this name. */
  create: "create-prewarm",
  /** The queue, for Workers that have nothing to do with images. */
  queue: "@prewarm/durable-queue",
  /** The emulator, for tests of programs that call the service themselves. */
  emulator: "@prewarm/ittybit-emulator",
} as const;

/** The oldest Node that reads prewarm.config.ts, which is TypeScript. */
export const SITE_NODE = "22.18";
