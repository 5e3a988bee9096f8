// Looks for secrets in every file that git knows. Exits 1 on one. Not a proof: it finds what has a shape.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Each with the length from which on it is one: patterns that count letters take the check of patterns half a minute. */
const SHAPES: Record<string, { shape: RegExp; minLength: number }> = {
  "a private key": { shape: /-----BEGIN [A-Z ]*PRIVATE KEY-----/g, minLength: 27 },
  "an AWS key": { shape: /\b(?:AKIA|ASIA)[A-Z0-9]+\b/g, minLength: 20 },
  "a GitHub token": { shape: /\b(?:gh[pousr]|github_pat)_[A-Za-z0-9_]+/g, minLength: 40 },
  "an npm token": { shape: /\bnpm_[A-Za-z0-9]+\b/g, minLength: 40 },
  "a Slack token": { shape: /\bxox[abprs]-[A-Za-z0-9-]+/g, minLength: 25 },
  "a Google key": { shape: /\bAIza[A-Za-z0-9_-]+/g, minLength: 39 },
  "a payment key": { shape: /\b[sr]k_live_[A-Za-z0-9]+/g, minLength: 28 },
  "a webhook secret": { shape: /\bwhsec_[A-Za-z0-9+/]+=*/g, minLength: 46 },
  "a secret's value": { shape: /_(?:TOKEN|KEYS?)=["']?[A-Za-z0-9+/_-]+/g, minLength: 31 },
};

/** Keys of tests. They sign made-up messages. */
const TEST_KEYS = ["workers/consumer/src/hooks/testing/sns-test-key.pem"];

/** Secrets of tests say so: their bytes are plain words. */
function isPlain(found: string): boolean {
  const bytes = Buffer.from(found.replace(/^whsec_/, ""), "base64").toString("latin1");
  return found.startsWith("whsec_") && /^[\x20-\x7e]+$/.test(bytes);
}

export function secretsIn(text: string): string[] {
  return Object.entries(SHAPES).flatMap(([what, { shape, minLength }]) =>
    [...text.matchAll(shape)]
      .filter(([found]) => found.length >= minLength && !isPlain(found))
      .map(({ index }) => `${text.slice(0, index).split("\n").length}: ${what}`),
  );
}

function main(): void {
  const root = join(import.meta.dirname, "../..");
  const { stdout } = spawnSync("git", ["ls-files", "-z"], { cwd: root, encoding: "utf8", maxBuffer: 64_000_000 });
  const paths = stdout.split("\0").filter((path) => path !== "");
  let found = 0;
  for (const path of paths.filter((one) => !TEST_KEYS.includes(one))) {
    for (const one of secretsIn(readFileSync(join(root, path), "latin1"))) {
      found += 1;
      console.error(`${path}:${one}`);
    }
  }
  console.log(`${paths.length} files, ${found} secrets.`);
  if (found > 0 || paths.length === 0) process.exitCode = 1;
}

if (import.meta.main) main();
