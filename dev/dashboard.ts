import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";

const ROOT = dirname(import.meta.dirname);
const APP = join(ROOT, "apps/dashboard");
const SOURCES = [APP, join(ROOT, "packages/control-client"), join(ROOT, "packages/shared")];

/** Builds the dashboard's assets when a source is newer than what was built. A package has them, and no source. */
export async function buildDashboard(): Promise<void> {
  if (!existsSync(APP)) return;
  await mkdir(join(APP, "dist"), { recursive: true }); // wrangler and Miniflare refuse a missing folder
  const built = await stat(join(APP, "dist/index.html")).catch(() => null);
  if (built && built.mtimeMs > (await newest())) return;
  await new Promise<void>((resolve, reject) => {
    const child = spawn("vite", ["build", "--logLevel", "warn"], {
      cwd: APP,
      stdio: ["ignore", "inherit", "inherit"],
      // A test's NODE_ENV would bring in development builds, 10 % larger than what is deployed.
      env: { ...process.env, NODE_ENV: "production" },
    });
    child.on("error", reject);
    child.on("exit", (code) =>
      code === 0 ? resolve() : reject(new Error(`The dashboard did not build (vite exit ${code}).`)),
    );
  });
}

async function newest(): Promise<number> {
  const files = await Promise.all(SOURCES.map((room) => readdir(room, { recursive: true, withFileTypes: true })));
  const sources = files
    .flat()
    .filter((entry) => entry.isFile() && !/\/(node_modules|dist|test|scripts)(\/|$)/.test(entry.parentPath));
  const times = await Promise.all(
    sources.map(async (entry) => (await stat(join(entry.parentPath, entry.name))).mtimeMs),
  );
  return Math.max(0, ...times);
}
