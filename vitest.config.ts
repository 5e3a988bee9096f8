import { globSync, mkdirSync, readFileSync } from "node:fs";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { leftOut } from "./test/commit-files.ts";
import { LongFirst } from "./test/long-first.ts";

// Offline and quiet: no telemetry, no fetch of the placeholder `cf` object.
const env = {
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
};
Object.assign(process.env, env);
mkdirSync("apps/dashboard/dist", { recursive: true }); // wrangler refuses a missing assets.directory

/** As the nightly workflow: every file, and each in a process of its own. */
const isWhole = process.env.WHOLE === "true";
const waiting = leftOut(process.argv.slice(2));
const elsewhere = ["**/node_modules/**", "**/*.workerd.test.ts", "**/*.e2e.test.ts", ...waiting];
const nodeTests = "{packages,workers,apps,dev,scripts,test}/**/*.test.ts";
/** Files that replace a module, which would stay replaced for the next file: they have processes of their own. */
const withDoubles = globSync(nodeTests, { exclude: ["**/node_modules/**"] }).filter((file) =>
  /\bvi\.(mock|resetModules)\(/.test(readFileSync(file, "utf8")),
);

/** A Worker with its bindings, held to the platform's limits. */
const limited = (worker: "consumer" | "edge") => ({
  main: `./dev/limits/${worker}-entry.ts`,
  wrangler: { configPath: `./wrangler.${worker}.toml` },
});

/** The service that the edge's wrangler file binds. */
const SERVICE = "prewarm-consumer";
/** The consumer of the edge's tests: it records no miss, so that each is sent as a message. */
const CONSUMER = {
  name: SERVICE,
  modules: true,
  script: `
import { WorkerEntrypoint } from "cloudflare:workers";
export class Misses extends WorkerEntrypoint {
  miss() { return false; }
}
export default {};
`,
};

/** Tests wait for conditions and not for speeds: these limits only end a test that hangs. */
const PATIENT = { testTimeout: 240_000, hookTimeout: 240_000, expect: { poll: { timeout: 200_000 } } };

export default defineConfig({
  test: {
    // One of two cores would idle: what is timed here is relative, or has seconds to spare.
    maxWorkers: "100%",
    // In an order by the seed SHUFFLE, what one file leaves in the modules of the next one shows.
    sequence: process.env.SHUFFLE
      ? { shuffle: { files: true }, seed: Number(process.env.SHUFFLE) }
      : { sequencer: LongFirst },
    globalSetup: ["./test/temp-folder-of-the-run.ts", "./test/commit-files.ts"],
    reporters: process.env.CI ? ["default", "./scripts/count-reporter.ts"] : ["default"],
    projects: [
      // Pure logic and node programs, beside their code. The files of a process share their modules, which halves the time.
      {
        test: {
          name: "node",
          include: [nodeTests],
          exclude: [...elsewhere, ...withDoubles],
          ...PATIENT,
          isolate: isWhole,
          setupFiles: ["test/after-each-file.ts"],
        },
      },
      {
        test: {
          name: "node-doubles",
          include: withDoubles,
          exclude: elsewhere,
          ...PATIENT,
          setupFiles: ["test/after-each-file.ts"],
        },
      },
      // Real bindings (R2, cache, queues, Durable Objects) inside workerd.
      {
        plugins: [cloudflareTest(limited("consumer"))],
        test: {
          ...PATIENT,
          name: "workerd-consumer",
          include: ["workers/consumer/**/*.workerd.test.ts", "dev/**/*.workerd.test.ts"],
          setupFiles: ["dev/limits/none-broken.ts"],
        },
      },
      {
        plugins: [cloudflareTest({ ...limited("edge"), miniflare: { workers: [CONSUMER] } })],
        test: {
          ...PATIENT,
          name: "workerd-edge",
          include: ["workers/{edge,rewriter}/**/*.workerd.test.ts", "packages/client/**/*.workerd.test.ts"],
          setupFiles: ["dev/limits/none-broken.ts"],
        },
      },
      // The queue's second user, unchanged, inside workerd. It waits for slow receivers, so it runs beside the stacks, which wait too.
      {
        plugins: [cloudflareTest({ wrangler: { configPath: "./examples/durable-queue/wrangler.toml" } })],
        test: {
          name: "workerd-example",
          include: ["examples/**/*.workerd.test.ts"],
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          ...PATIENT,
        },
      },
      // Black box: the whole local stack, over HTTP only.
      {
        test: {
          name: "e2e",
          include: ["test/{e2e,platform}/**/*.e2e.test.ts", "{apps,examples}/**/*.e2e.test.ts"],
          exclude: ["**/node_modules/**", ...waiting],
          // The files of a process share a stack (test/e2e/shared-stack.ts).
          isolate: isWhole,
          setupFiles: ["test/after-each-file.ts"],
          ...PATIENT,
          env,
          // After all others, since a stack starts a runtime and often a browser beside it.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
