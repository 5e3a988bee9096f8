// `npm run secrets`: looks for secrets in every file that git knows. Exits 1 on one. Not a proof: it finds what has a shape.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const SHAPES: Record<string, RegExp> = {
  "a private key": /-----BEGIN (?:[A-Z]{1,12} )?PRIVATE KEY-----/g,
  "an AWS key": /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  "a GitHub token": /\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60,})\b/g,
  "an npm token": /\bnpm_[A-Za-z0-9]{36}\b/g,
  "a Slack token": /\bxox[abprs]-[A-Za-z0-9-]{20,}/g,
  "a Google key": /\bAIza[A-Za-z0-9_-]{35}\b/g,
  "a payment key": /\b(?:sk|rk)_live_[A-Za-z0-9]{20,}\b/g,
  "a webhook secret": /\bwhsec_[A-Za-z0-9+/]{40,}={0,2}/g,
  "a secret's value":
    /\b(?:CLOUDFLARE_API_TOKEN|ITTYBIT_API_KEY|ADMIN_TOKEN|VIEWER_TOKEN|SIGNING_KEYS)=["']?[A-Za-z0-9+/_-]{24,}/g,
};

/** Secrets of tests say so: their bytes are plain words. */
function isPlain(found: string): boolean {
  const bytes = Buffer.from(found.replace(/^whsec_/, ""), "base64").toString("latin1");
  return found.startsWith("whsec_") && /^[\x20-\x7e]+$/.test(bytes);
}

export function secretsIn(text: string): string[] {
  return Object.entries(SHAPES).flatMap(([what, shape]) =>
    [...text.matchAll(shape)]
      .filter(([found]) => !isPlain(found))
      .map(({ index }) => {
        return `${text.slice(0, index).split("\n").length}: ${what}`;
      }),
  );
}

function main(): void {
  const root = dirname(import.meta.dirname);
  const { stdout } = spawnSync("git", ["ls-files", "-z"], { cwd: root, encoding: "utf8", maxBuffer: 64_000_000 });
  const paths = stdout.split("\0").filter((path) => path !== "");
  let found = 0;
  for (const path of paths) {
    for (const one of secretsIn(readFileSync(join(root, path), "latin1"))) {
      found += 1;
      console.error(`${path}:${one}`);
    }
  }
  console.log(`${paths.length} files, ${found} secrets.`);
  if (found > 0 || paths.length === 0) process.exitCode = 1;
}

if (import.meta.main) main();
