import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { createInterface } from "node:readline";

export interface Ipx {
  /** `modifiers` as ipx writes them, such as `w_800,f_webp`. */
  url(modifiers: string, original: string): string;
  close(): void;
}

/** ipx in a process and a folder of its own, because nothing else here needs it. Installs it from the npm registry. `original`: the URL of one. */
export async function startIpx(original: string): Promise<Ipx> {
  const folder = mkdtempSync(join(tmpdir(), "prewarm-ipx-"));
  for (const file of ["package.json", "server.mjs"]) cpSync(join(import.meta.dirname, file), join(folder, file));
  const env = { ...process.env, PATH: [dirname(process.execPath), process.env.PATH].join(delimiter) };
  execFileSync("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: folder, env });
  const child = spawn(process.execPath, ["server.mjs", new URL(original).host], { cwd: folder, env });
  child.stderr.pipe(process.stderr);
  const [port] = await once(createInterface({ input: child.stdout }), "line");
  return {
    url: (modifiers, url) => `http://127.0.0.1:${port}/${modifiers}/${url}`,
    close: () => {
      child.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
