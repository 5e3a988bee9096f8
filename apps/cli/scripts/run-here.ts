import { resolve } from "node:path";

// npm runs every script in the repository; a user's paths are relative to the folder where npm was called.
process.env.PREWARM_CONFIG ??= resolve("prewarm.config.ts");
process.chdir(process.env.INIT_CWD ?? ".");
await import("../src/main.ts");
