import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { printFiles, REPOSITORY } from "@prewarm/wrangler-files/wrangler-files";
import { describe, expect, it } from "vitest";
import { runCli } from "../apps/cli/src/run-cli.ts";
import { FakeCloudflare } from "../apps/cli/test/testing/fake-cloudflare.ts";
import { createWorld } from "../apps/cli/test/testing/fake-world.ts";
import { programsOf, recordingWrangler } from "../apps/cli/test/testing/recording-wrangler.ts";
import { type Config, defineConfig, type UserConfig } from "../packages/shared/src/config.ts";
import { checkConfig } from "../packages/shared/src/config-check.ts";
import type { DeployConfig } from "../packages/shared/src/deploy.ts";
import { makePrivateKey } from "../packages/shared/src/ed25519.ts";
import { checkEnvironment } from "../packages/shared/src/environment-check.ts";
import { tempFolder } from "../test/temp-folder.ts";
import { ADMIN, createApiWorld, HOOK_SECRET } from "../workers/consumer/src/api/testing/api-world.ts";
import { judgeSite } from "./site-faults.ts";

/*
 * Mistakes people make in prewarm.config.ts and around it, and who tells of them: start and reload, build and `wrangler deploy` (all four
 * go by judgeSite), `prewarm deploy`, the hook, /readyz, the health sentence, and `prewarm check`.
 */

const ROOT = join(import.meta.dirname, "..");
const folder = tempFolder("prewarm-mistakes-");

const hook = { verifier: { kind: "standard-webhooks", secrets: ["HOOK_SECRET"] }, mapper: { kind: "native" } };
const GOOD = {
  sources: [{ prefix: "", url: "https://cdn.example.com/originals/{id}" }],
  presets: { card: "w=640&h=480&fit=cover&f=auto" },
  recipes: { upload: ["w=400&f=webp"], social: ["p=card"] },
  hooks: { uploads: { ...hook, recipe: "upload" } },
};
const private_ = { sources: [{ prefix: "", bucket: "ORIGINALS", key: "{id}" }] };
const SECRETS = {
  ITTYBIT_API_KEY: "key",
  ADMIN_TOKEN: "a-token-of-many-characters",
  HOOK_SECRET,
  RECEIPT_KEY: makePrivateKey(),
  EDGE_URL: "https://images.example.com",
  SIGNING_KEYS: "a-key-of-many-characters",
  ITTYBIT_API_URL: "https://api.ittybit.com",
};

interface Mistake {
  name: string;
  /** What is written instead. */
  site?: object;
  secrets?: Partial<Record<keyof typeof SECRETS | "VIEWER_TOKEN", string | undefined>>;
  /** What is told, wherever it is told. */
  told: RegExp;
  /** What the upload hook answers: 503 where an upload would come to nothing. */
  hook: 503 | 401;
}

const upload = (more: object) => ({ hooks: { uploads: { ...hook, ...more } } });

const MISTAKES: Mistake[] = [
  {
    name: "a misspelt recipe",
    site: upload({ recipe: "uplaod" }),
    told: /^hooks\.uploads\.recipe: .*uplaod/,
    hook: 503,
  },
  {
    name: "a misspelt preset in the recipe",
    site: { recipes: { upload: ["p=crad"] } },
    told: /^recipes\.upload\[0\]: /,
    hook: 503,
  },
  {
    name: "a misspelt preset in another recipe",
    site: { recipes: { upload: ["w=400"], social: ["p=crad"] } },
    told: /^recipes\.social\[0\]: /,
    hook: 401,
  },
  { name: "preset for presets", site: { preset: {} }, told: /^preset: .*did you mean presets/, hook: 401 },
  { name: "hook for hooks", site: { hook: {}, hooks: {} }, told: /^hook: .*did you mean hooks/, hook: 503 },
  { name: "hooks as a list", site: { hooks: [hook] }, told: /^hooks: /, hook: 503 },
  {
    name: "a verifier that is none",
    site: upload({ verifier: { kind: "hmac-sha256", secrets: ["S"] } }),
    told: /^hooks\.uploads\.verifier/,
    hook: 503,
  },
  {
    name: "a mapper that is none",
    site: upload({ mapper: { kind: "s4" } }),
    told: /^hooks\.uploads\.mapper/,
    hook: 503,
  },
  {
    name: "a secret's value for its name",
    site: upload({ verifier: { kind: "bearer", secrets: ["whsec_abc/def="] } }),
    told: /^hooks\.uploads\.verifier\.secrets/,
    hook: 503,
  },
  { name: "no sources", site: { sources: [] }, told: /^sources: /, hook: 503 },
  {
    name: "a source without {id}",
    site: { sources: [{ prefix: "", url: "https://cdn.example.com/" }] },
    told: /^sources\[0\]\.url: .*\{id\}/,
    hook: 503,
  },
  {
    name: "a source over http",
    site: { sources: [{ prefix: "", url: "http://cdn.example.com/{id}" }] },
    told: /^sources\[0\]\.url: use https/,
    hook: 503,
  },
  {
    name: "a source that is the edge's own route",
    site: { sources: [{ prefix: "", url: "https://images.example.com/images/{id}" }] },
    told: /^sources\[0\]\.url: .*own route/,
    hook: 503,
  },
  {
    name: "two sources with one prefix",
    site: { sources: [...GOOD.sources, ...GOOD.sources] },
    told: /^sources\[1\]\.prefix: /,
    hook: 503,
  },
  {
    name: "the variants' bucket as a source",
    site: { sources: [{ prefix: "", bucket: "IMAGES_BUCKET", key: "{id}" }] },
    told: /^sources\[0\]\.bucket: /,
    hook: 503,
  },
  {
    name: "widths out of order",
    site: { pages: { widths: [800, 400] } },
    told: /^pages\.widths: .*ascending/,
    hook: 503,
  },
  { name: "a format that is none", site: { formats: ["webp", "gif"] }, told: /^formats\[1\]: /, hook: 503 },
  {
    name: "a free pair in the recipe",
    site: { recipes: { upload: ["w=300&h=200"] } },
    told: /^recipes\.upload/,
    hook: 503,
  },
  { name: "a budget as a text", site: { budget: { month: "100k" } }, told: /^budget\.month: /, hook: 401 },
  {
    name: "a hook's secret that is not set",
    secrets: { HOOK_SECRET: undefined },
    told: /^HOOK_SECRET: .*--set HOOK_SECRET/,
    hook: 503,
  },
  {
    name: "a hook's secret that is too short",
    secrets: { HOOK_SECRET: "whsec_YWJj" },
    told: /^HOOK_SECRET: .*24 bytes/,
    hook: 503,
  },
  { name: "no key for Ittybit", secrets: { ITTYBIT_API_KEY: undefined }, told: /^ITTYBIT_API_KEY: /, hook: 401 },
  {
    name: "a key of receipts without its private half",
    secrets: { RECEIPT_KEY: "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=" },
    told: /^RECEIPT_KEY: write a private Ed25519 key first/,
    hook: 401,
  },
  { name: "no ADMIN_TOKEN", secrets: { ADMIN_TOKEN: "" }, told: /^ADMIN_TOKEN: it is not set/, hook: 401 },
  {
    name: "an ADMIN_TOKEN that can be guessed",
    secrets: { ADMIN_TOKEN: "secret" },
    told: /^ADMIN_TOKEN: it is shorter than 24/,
    hook: 401,
  },
  {
    name: "a VIEWER_TOKEN that can be guessed",
    secrets: { VIEWER_TOKEN: "view" },
    told: /^VIEWER_TOKEN: it is shorter/,
    hook: 401,
  },
  {
    name: "a ledger's place that is none",
    site: { deploy: { staging: { location: "europe" } } },
    told: /^deploy\.staging\.location: write one of/,
    hook: 401,
  },
  { name: "private originals without their bucket", site: private_, told: /^ORIGINALS: .*not bound/, hook: 401 },
  {
    name: "private originals without EDGE_URL",
    site: private_,
    secrets: { EDGE_URL: undefined },
    told: /^EDGE_URL: /,
    hook: 401,
  },
  {
    name: "private originals without SIGNING_KEYS",
    site: private_,
    secrets: { SIGNING_KEYS: "" },
    told: /^SIGNING_KEYS: /,
    hook: 401,
  },
  {
    name: 'signing "all" without SIGNING_KEYS',
    site: { access: "private" },
    secrets: { SIGNING_KEYS: undefined },
    told: /^SIGNING_KEYS: .*--set SIGNING_KEYS/,
    hook: 401,
  },
];

/** The wrangler files of a sound configuration. One at fault has none. */
function writeFiles(home: string, config: Config): void {
  if (checkConfig(config).length > 0) return;
  for (const [name, text] of printFiles(config, REPOSITORY)) writeFileSync(join(home, name), text);
}

/** The environment that a mistake is made in. */
function stagingOf({ name, site, secrets = {} }: Mistake): DeployConfig {
  const { EDGE_URL: edgeUrl } = { ...SECRETS, ...secrets };
  const isBound = site === private_ && !name.includes("without their bucket");
  return { ...(edgeUrl ? { edgeUrl } : {}), ...(isBound ? { buckets: { ORIGINALS: "photos" } } : {}) };
}

/** What provision and deploy of staging say, and what they deploy. */
async function deploy(mistake: Mistake, file: string) {
  const home = mkdtempSync(join(folder, "staging-"));
  const values: Record<string, string | undefined> = { ...SECRETS, ...mistake.secrets };
  const { config: written } = await judgeSite(file);
  if (written === null) throw new Error(`${file} cannot be loaded`);
  const deploy = Object.keys(written.deploy).length > 0 ? written.deploy : { staging: stagingOf(mistake) };
  const config = { ...written, deploy };
  writeFiles(home, config);
  writeFileSync(join(home, "site.mjs"), `export default ${JSON.stringify(config)};`);
  const { wrangler, calls } = recordingWrangler(new FakeCloudflare());
  const run = programsOf(wrangler, { commit: "aaaaaaaaaaaa", dirty: false, builds: 0 });
  const env = Object.fromEntries(Object.entries(values).flatMap(([name, text]) => (text ? [[name, text]] : [])));
  const { context, stdout, stderr } = createWorld({ cwd: home, env, run });
  const args = ["--to", "staging", "--yes", "--config", join(home, "site.mjs")];
  await runCli(["provision", ...args], context, () => {});
  const code = await runCli(["deploy", ...args], context, () => {});
  return { code, said: stdout() + stderr(), deployed: calls.filter(({ args: [verb] }) => verb === "deploy").length };
}

/** The control API of a consumer that was deployed with this mistake. */
function deployed({ site = {}, secrets = {} }: Mistake) {
  const values: Record<string, string | undefined> = { ...SECRETS, ...secrets };
  const config = defineConfig({ ...GOOD, ...site } as UserConfig);
  const configFaults = checkConfig(config);
  const given = { value: (name: string) => values[name], hasBucket: () => false };
  const environmentFaults = checkEnvironment(config, configFaults, given);
  return createApiWorld(config as UserConfig, { configFaults, environmentFaults, secret: given.value });
}

/** A configuration file with it, and what `prewarm check` prints beside its wrangler files. */
async function check(mistake: Mistake) {
  const config = defineConfig({ ...GOOD, ...mistake.site } as UserConfig);
  const home = mkdtempSync(join(folder, "site-"));
  const file = join(home, "site.mjs");
  writeFileSync(file, `export default ${JSON.stringify(config)};`);
  writeFiles(home, config);
  const consumer = deployed(mistake);
  const world = createWorld({
    cwd: home,
    env: { ADMIN_TOKEN: ADMIN },
    fetch: (url, { headers }) =>
      consumer.call("GET", new URL(url).pathname, { token: null, headers: headers as Record<string, string> }),
  });
  const code = await runCli(["check", "--json", "--config", file], world.context, () => {});
  const { findings }: { findings: { state: string; text: string }[] } = JSON.parse(world.stdout());
  const faults = findings.filter(({ state }) => state === "fault").map(({ text }) => text);
  return { file, code, faults };
}

describe.each(MISTAKES.map((mistake) => [mistake.name, mistake] as const))("%s", (_, mistake) => {
  it("is told by /readyz with 503, and first in the health sentence", async () => {
    const world = deployed(mistake);
    const stranger = await world.json("GET", "/readyz", { token: null });
    expect([stranger.status, stranger.body.reasons]).toEqual([503, undefined]);
    const ready = await world.json("GET", "/readyz");
    expect(ready.status).toBe(503);
    const reasons = (ready.body.reasons as string[]).map((reason) => reason.replace(/^(config|environment): /, ""));
    expect(reasons.some((reason) => mistake.told.test(reason))).toBe(true);
    const { health } = (await world.json("GET", "/api/v1/stats")).body as {
      health: { level: string; sentence: string };
    };
    expect(health).toMatchObject({
      level: "problem",
      sentence: expect.stringMatching(/^The configuration is at fault\. /),
    });
    expect(health.sentence).toContain(reasons[0]?.replace(/[.!?]$/, ""));
  });

  it(`makes the upload hook answer ${mistake.hook} to a delivery without a proof`, async () => {
    const { status } = await deployed(mistake).call("POST", "/hooks/uploads", { token: null, body: "{}" });
    expect(status).toBe(mistake.hook);
  });

  it("is told by prewarm check, with exit code 1, and by start, reload, build and deploy where it stands in the file", async () => {
    const { file, code, faults } = await check(mistake);
    expect(code).toBe(1);
    expect(faults.some((text) => mistake.told.test(text.replace(/^(config|environment): /, "")))).toBe(true);
    const judged = (await judgeSite(file)).faults;
    expect(judged.some((fault) => mistake.told.test(fault))).toBe(
      mistake.secrets === undefined && mistake.site !== private_,
    );
  });
});

/** The setting or secret that is told of: `HOOK_SECRET` of `/^HOOK_SECRET: …/`. */
const nameIn = ({ told }: Mistake): string => /^\^(\w+)/.exec(told.source)?.[1] ?? "";

it.each(MISTAKES.map((mistake) => [mistake.name, mistake] as const))("%s is not deployed", async (_, mistake) => {
  const { code, said, deployed } = await deploy(mistake, (await check(mistake)).file);
  expect([code, deployed]).toEqual([2, 0]);
  expect(said).toMatch(new RegExp(`\\b${nameIn(mistake)}\\b`));
});

it("lets a sound one pass everywhere", async () => {
  const sound = { name: "sound", told: /./, hook: 401 } as const;
  expect((await deployed(sound).json("GET", "/readyz", { token: null })).status).toBe(200);
  const checked = await check(sound);
  expect(checked).toMatchObject({ code: 0, faults: [] });
  expect(await deploy(sound, checked.file)).toMatchObject({ code: 0, deployed: 2 });
});

it("stops a build and a deploy: their command ends with 1", () => {
  const file = join(folder, "broken.mjs");
  for (const text of [
    "export default {",
    "throw new Error('no')",
    `export default ${JSON.stringify({ sources: "x" })}`,
  ]) {
    writeFileSync(file, text);
    const { status, stderr } = spawnSync(process.execPath, [join(ROOT, "scripts/check-config.ts"), file], {
      encoding: "utf8",
    });
    expect([status, stderr]).toEqual([1, expect.stringMatching(/\d+ faults? in the configuration/)]);
  }
});

it("reads an edited file again, as a reload does", async () => {
  const file = join(folder, "edited.mjs");
  const write = (site: object) =>
    writeFileSync(file, `export default ${JSON.stringify(defineConfig({ ...GOOD, ...site } as UserConfig))};`);
  write({});
  expect((await judgeSite(file)).faults).toEqual([]);
  write(upload({ recipe: "uplaod" }));
  expect((await judgeSite(file)).faults).toHaveLength(1);
});
