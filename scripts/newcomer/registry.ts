import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PACKAGES } from "@prewarm/shared/packages";
import { freePort } from "../../dev/listen.ts";

/** Not in the lockfile, where it would be 280 packages for one script (decisions/03). It asks for a tag that not every registry has. */
const VERDACCIO = { private: true, dependencies: { verdaccio: "6.10.4" }, overrides: { "node-fetch": "2.7.0" } };
const START_MS = 120_000;

export interface Registry {
  url: string;
  close(): void;
}

/** A registry that has our packages, and everything else from npm's. */
export async function startRegistry(folder: string, tarballs: string): Promise<Registry> {
  const port = await freePort(0, true);
  const url = `http://localhost:${port}/`;
  writeFileSync(join(folder, "verdaccio.yaml"), registryConfig(folder));
  writeFileSync(join(folder, "publisher.npmrc"), `//localhost:${port}/:_authToken=anybody\n`);
  writeFileSync(join(folder, "package.json"), JSON.stringify(VERDACCIO));
  execFileSync("npm", ["install", "--silent", "--no-audit"], { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
  const program = join(folder, "node_modules/verdaccio/bin/verdaccio");
  const args = [program, "--config", "verdaccio.yaml", "--listen", `127.0.0.1:${port}`];
  const server = spawn(process.execPath, args, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
  const close = () => void server.kill();
  try {
    await answers(`${url}-/ping`, server);
    for (const tarball of readdirSync(tarballs).filter((name) => name.endsWith(".tgz")))
      execFileSync("npm", ["publish", join(tarballs, tarball), "--provenance=false", "--silent"], {
        env: { ...process.env, npm_config_registry: url, npm_config_userconfig: join(folder, "publisher.npmrc") },
        stdio: ["ignore", "ignore", "inherit"],
      });
    return { url, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** Nobody signs in. Only our names are published here; every other package comes from npm's registry. */
function registryConfig(folder: string): string {
  const npm = execFileSync("npm", ["config", "get", "registry"], { encoding: "utf8" }).trim();
  const ours = Object.values(PACKAGES).map((name) => `  "${name}": { access: $all, publish: $all }\n`);
  return `storage: ${join(folder, "storage")}
uplinks: { npm: { url: "${npm}" } }
packages:
${ours.join("")}  "**": { access: $all, proxy: npm }
max_body_size: 50mb
log: { type: stdout, level: fatal }
`;
}

/** Waits for 200. */
async function answers(url: string, server: ChildProcess): Promise<void> {
  const deadline = Date.now() + START_MS;
  for (;;) {
    const answer = await fetch(url, { redirect: "manual" }).catch(() => null);
    if (answer?.status === 200) return;
    if (server.exitCode !== null || Date.now() > deadline) throw new Error(`${url} does not answer 200`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
