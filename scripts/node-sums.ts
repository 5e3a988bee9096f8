// `npm run node-sums`: asks nodejs.org for the sums of its archives, fetches each, unpacks the program and compares both with
// scripts/node-sums.json, which every install is held to. Exits 0 when all are the same, 1 on a difference, and 2 when nodejs.org does not
// answer and so nothing was compared.
import { spawnSync } from "node:child_process";
import { SUMS, sha256 } from "./node-program.mjs";

type Get = (url: string) => Promise<Response>;

/** What differs from our pins. Throws when the server does not answer. */
export async function differences(get: Get, sums: typeof SUMS = SUMS): Promise<string[]> {
  const base = `https://nodejs.org/dist/v${sums.version}`;
  const ask = async (name: string): Promise<Buffer> => {
    const answer = await get(`${base}/${name}`);
    if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
    return Buffer.from(await answer.arrayBuffer());
  };
  const published = (await ask("SHASUMS256.txt")).toString();
  const faults: string[] = [];
  for (const [platform, sum] of Object.entries(sums.archives)) {
    const folder = `node-v${sums.version}-${platform}`;
    const hold = (what: string, is: string, should: string) => is === should || faults.push(`${what}: ${is}`);
    const line = published.split("\n").find((one) => one.endsWith(`  ${folder}.tar.gz`));
    hold(`published sum of ${folder}`, line?.split(" ")[0] ?? "none", sum);
    const archive = await ask(`${folder}.tar.gz`);
    hold(`archive ${folder}`, sha256(archive), sum);
    const { stdout } = spawnSync("tar", ["-xzO", `${folder}/bin/node`], { input: archive, maxBuffer: 300_000_000 });
    hold(`program in ${folder}`, sha256(stdout), sums.programs[platform] ?? "");
  }
  return faults;
}

/** What is told, and the exit code. */
export async function verdict(get: Get, sums: typeof SUMS = SUMS): Promise<{ said: string; code: 0 | 1 | 2 }> {
  try {
    const faults = await differences(get, sums);
    if (faults.length > 0) return { said: faults.join("\n"), code: 1 };
    return { said: `Node ${sums.version} is nodejs.org's.`, code: 0 };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { said: `nodejs.org does not answer (${why}): nothing was compared, nothing is proved.`, code: 2 };
  }
}

if (import.meta.main) {
  const { said, code } = await verdict((url) => fetch(url, { signal: AbortSignal.timeout(120_000) }));
  console.log(said);
  process.exitCode = code;
}
