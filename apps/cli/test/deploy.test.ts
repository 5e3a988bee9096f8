import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Config, defineConfig } from "@prewarm/shared/config";
import type { DeployConfig } from "@prewarm/shared/deploy";
import { isPrivateKey, makePrivateKey, publicHalf } from "@prewarm/shared/ed25519";
import { printFiles, REPOSITORY } from "@prewarm/wrangler-files/wrangler-files";
import { describe, expect, it } from "vitest";
import { tempFolder } from "../../../test/temp-folder.ts";
import { versionMessage } from "../src/deploy/release.ts";
import { runCli } from "../src/run-cli.ts";
import { FakeCloudflare } from "./testing/fake-cloudflare.ts";
import { createWorld } from "./testing/fake-world.ts";
import { programsOf, recordingWrangler } from "./testing/recording-wrangler.ts";

/** A site's wrangler files on a fake account, with every call of wrangler recorded. */

const HOOK = {
  verifier: { kind: "standard-webhooks", secrets: ["HOOK_SECRET"] },
  mapper: { kind: "native" },
  recipe: "upload",
};
const SITE = defineConfig({
  sources: [{ prefix: "", url: "https://cdn.example.com/{id}" }],
  hooks: { uploads: HOOK as never },
  deploy: { staging: {}, production: {} },
});

/** A folder with a site and the wrangler files that it prints. */
function folderOf(config: Config): string {
  const folder = tempFolder("prewarm-deploy-");
  writeFileSync(join(folder, "site.mjs"), `export default ${JSON.stringify(config)};`);
  for (const [name, text] of printFiles(config, REPOSITORY)) writeFileSync(join(folder, name), text);
  return folder;
}
const SECRETS = {
  ITTYBIT_API_KEY: "key-of-ittybit",
  ADMIN_TOKEN: "an-admin-token-of-32-characters!",
  SIGNING_KEYS: "a-signing-key-of-32-characters!!",
  HOOK_SECRET: `whsec_${Buffer.alloc(32, 7).toString("base64")}`,
};

interface Run {
  /** Where it runs. Default: a site with two environments. */
  folder?: string;
  /** What a person answers to each question; absent: no terminal. */
  answer?: (question: string) => string;
}

function createAccount(env: Record<string, string> = SECRETS) {
  const cloudflare = new FakeCloudflare();
  const recorded = recordingWrangler(cloudflare);
  const repository = { commit: "aaaaaaaaaaaa", dirty: false, builds: 0 };
  const home = folderOf(SITE);
  /** Runs one command line and returns its exit code, what it said, and what it changed. */
  async function run(line: string, { folder = home, answer }: Run = {}) {
    const before = recorded.changes().length;
    const world = createWorld({
      env,
      cwd: folder,
      run: programsOf(recorded.wrangler, repository),
      typed: answer === undefined ? null : "",
      fetch: async (url) => Response.json({ url }),
    });
    const context = { ...world.context, ask: async (question: string) => answer?.(question) ?? "" };
    const code = await runCli([...line.split(" "), "--config", join(folder, "site.mjs")], context, () => {});
    const said = (world.stdout() + world.stderr()).trimEnd();
    return { code, said, stdout: world.stdout(), changes: recorded.changes().slice(before) };
  }
  return { cloudflare, recorded, repository, run, home };
}

async function provisioned() {
  const account = createAccount();
  await account.run("provision --to staging --yes");
  return account;
}

const QUEUES = ["live", "work", "uploads", "dead"].map((role) => `prewarm-${role}-staging`);
const CREATE = QUEUES.map((queue) => `queues create ${queue} --message-retention-period-secs 345600`);

describe("provision", () => {
  it("creates what is missing, and the second time nothing", async () => {
    const { run, cloudflare } = createAccount();
    const first = await run("provision --to staging --yes");
    expect(first).toMatchObject({
      code: 0,
      changes: [
        "r2 bucket create optimized-images-staging",
        "r2 bucket lifecycle add optimized-images-staging markers dead/ --expire-days 1 --force",
        "r2 bucket lifecycle add optimized-images-staging staged staged/ --expire-days 1 --force",
        ...CREATE,
        "secret bulk -c wrangler.consumer.toml -e staging",
        "secret bulk -c wrangler.edge.toml -e staging",
      ],
    });
    const made = [...Object.keys(SECRETS), "RECEIPT_KEY"].sort();
    expect([...cloudflare.script("prewarm-consumer-staging").secrets].sort()).toEqual(made);
    expect(await run("provision --to staging --yes")).toMatchObject({
      code: 0,
      changes: [],
      said: expect.stringMatching(/Nothing to do\.$/),
    });
  });

  it("is one document on stdout with --json, and so are its sisters", async () => {
    const { run } = createAccount();
    const json = async (line: string) => JSON.parse((await run(`${line} --to staging --json`)).stdout);
    const plan = await json("provision --dry-run");
    expect(plan).toMatchObject({ schema: "prewarm.provision/1", environment: "staging", done: false });
    expect(plan.plan).toContainEqual({ what: "bucket optimized-images-staging", todo: "create it" });
    expect(await json("provision --yes")).toMatchObject({ done: true });
    expect(await json("check --account")).toMatchObject({
      account: { environment: "staging", runs: null, missing: [] },
    });
    expect(await json("deploy --yes")).toMatchObject({ schema: "prewarm.deploy/1", done: true });
    expect(await json("rollback")).toMatchObject({ versions: [{ tag: "aaaaaaaaaaaa", obstacle: null }] });
    expect(await json("destroy --confirm staging")).toMatchObject({ schema: "prewarm.destroy/1", done: true });
  });

  it("changes nothing with --dry-run, and nothing where nobody can agree", async () => {
    const { run } = createAccount();
    const dry = await run("provision --to staging --dry-run");
    expect(dry).toMatchObject({ code: 0, changes: [] });
    expect(dry.said).toContain("todo  queue prewarm-live-staging: create it, keeping messages 4 days");
    expect(await run("provision --to staging")).toMatchObject({ code: 2, changes: [] });
    expect(await run("provision --to staging", { answer: () => "n" })).toMatchObject({ code: 2, changes: [] });
  });

  it.each(["r2 bucket create", "lifecycle add", "create prewarm-live", "create prewarm-dead", "secret bulk"])(
    "stops where %s fails, and goes on there",
    async (step) => {
      const { run, recorded } = createAccount();
      recorded.fail(new RegExp(step));
      const broken = await run("provision --to staging --yes");
      expect(broken.code).toBe(1);
      expect(broken.said).toContain("fetch failed");
      expect(broken.changes.at(-1)).toMatch(step);
      const rest = await run("provision --to staging --yes");
      expect(rest.code).toBe(0);
      expect(rest.changes[0]).toMatch(step);
      expect(broken.changes.length - 1 + rest.changes.length).toBe(9);
      expect((await run("provision --to staging --yes")).changes).toEqual([]);
    },
  );

  it.each(["r2 bucket info", "queues info", "secret list"])(
    "takes a failing %s for no answer, never for an empty account",
    async (read) => {
      const { run, recorded } = await provisioned();
      recorded.fail(new RegExp(read));
      expect(await run("provision --to staging --yes")).toMatchObject({
        code: 2,
        changes: [],
        said: expect.stringContaining("fetch failed"),
      });
    },
  );

  it("never shows a secret, nor names it on a command line", async () => {
    const { run, recorded } = createAccount();
    recorded.fail(/secret bulk/);
    const said = (await run("provision --to staging --yes")).said + (await run("provision --to staging --yes")).said;
    const lines = recorded.calls.map(({ args }) => args.join(" ")).join("\n");
    const given = recorded.calls.map(({ stdin = "" }) => stdin).join("\n");
    for (const value of Object.values(SECRETS)) {
      expect(said).not.toContain(value);
      expect(lines).not.toContain(value);
      expect(given).toContain(value);
    }
  });

  it("refuses a secret that nobody gives, and one that /readyz would refuse", async () => {
    const { run } = createAccount({ ...SECRETS, ADMIN_TOKEN: "" });
    expect(await run("provision --to staging --yes")).toMatchObject({
      code: 1,
      said: expect.stringContaining("ADMIN_TOKEN is not given"),
    });
    expect(await createAccount({ ...SECRETS, ADMIN_TOKEN: "short" }).run("provision --to staging --yes")).toMatchObject(
      {
        code: 1,
        said: expect.stringContaining("ADMIN_TOKEN: it is shorter than 24"),
      },
    );
  });

  it("makes secrets at a terminal, shows each once and only after it is set, and asks for those of others", async () => {
    const { run, recorded, cloudflare } = createAccount({});
    const questions: string[] = [];
    const answer = (question: string) => {
      questions.push(question);
      return question === "ITTYBIT_API_KEY: " ? "key-of-ittybit" : "";
    };
    recorded.fail(/secret bulk/);
    expect((await run("provision --to staging --yes", { answer })).said).not.toMatch(/=|shown this once/);
    const { code, said } = await run("provision --to staging --yes", { answer });
    expect(code).toBe(0);
    expect(questions.slice(2)).toEqual(["ITTYBIT_API_KEY: ", "HOOK_SECRET (Enter makes one): "]);
    const names = ["ADMIN_TOKEN", "SIGNING_KEYS", "HOOK_SECRET", "VIEWER_TOKEN"];
    expect([...said.matchAll(/^ {2}(\w+)=\S{32,}$/gm)].map(([, name]) => name)).toEqual(names);
    expect(said).toMatch(/HOOK_SECRET=whsec_[\w+/]{43}=$/m);
    expect([...cloudflare.script("prewarm-consumer-staging").secrets].sort()).toEqual(
      [...names, "ITTYBIT_API_KEY", "RECEIPT_KEY"].sort(),
    );
    expect(await run("provision --to staging --yes", { answer })).toMatchObject({ code: 0, changes: [] });
  });

  it("makes the key of receipts without a person and shows it to nobody; another one is given, not made", async () => {
    const { run, recorded } = createAccount();
    const { code, said } = await run("provision --to staging --yes");
    const keys = recorded.calls.flatMap(({ stdin }) => JSON.parse(stdin || "{}").RECEIPT_KEY ?? []);
    expect([code, keys]).toEqual([0, [expect.toSatisfy(isPrivateKey)]]);
    expect(said).toContain("RECEIPT_KEY (will be made)");
    expect(said).not.toContain(keys[0].slice(-40));
    const again = await run("provision --to staging --yes --set RECEIPT_KEY", { answer: () => "" });
    expect(again).toMatchObject({ code: 1, said: expect.stringContaining("RECEIPT_KEY is not given") });
    const list = `${makePrivateKey()},${await publicHalf(keys[0])}`;
    expect((await run("provision --to staging --yes --set RECEIPT_KEY", { answer: () => list })).code).toBe(0);
    expect(JSON.parse(recorded.calls.at(-1)?.stdin ?? "")).toEqual({ RECEIPT_KEY: list });
  });

  it("sets a secret again that --set names, in each Worker that has it, and no other", async () => {
    const sources = [{ prefix: "", bucket: "ORIGINALS", key: "{id}" }];
    const deploy = { staging: { buckets: { ORIGINALS: "photos" }, edge: "images.example.com" } };
    const folder = folderOf({ ...SITE, sources, deploy });
    const { run, recorded } = createAccount({ ...SECRETS, SIGNING_KEYS: "" });
    const bulks = () => recorded.calls.filter(({ args: [, verb] }) => verb === "bulk");
    const first = ["a-first-key-of-24-characters", "another-key-of-24-characters"];
    await run("provision --to staging --yes", { folder, answer: () => first[0] ?? "" });
    const before = bulks().length;
    const questions: string[] = [];
    const answer = (question: string) => {
      questions.push(question);
      return `${first[1]},${first[0]}`;
    };
    const { code, said } = await run("provision --to staging --yes --set SIGNING_KEYS", { folder, answer });
    expect([code, questions]).toEqual([0, ["SIGNING_KEYS (Enter makes one): "]]);
    const both = { SIGNING_KEYS: `${first[1]},${first[0]}` };
    expect(
      bulks()
        .slice(before)
        .map(({ stdin = "" }) => JSON.parse(stdin)),
    ).toEqual([both, both]);
    expect(said).not.toContain(first[1]);
    expect(await run("provision --to staging --yes --set SIGNING_KEY", { folder, answer })).toMatchObject({
      code: 2,
      changes: [],
      said: expect.stringMatching(/SIGNING_KEY is no secret of staging: .*ITTYBIT_API_KEY.*SIGNING_KEYS/),
    });
    expect(
      await run("provision --to staging --yes --set ADMIN_TOKEN", { folder, answer: () => "short" }),
    ).toMatchObject({
      code: 0,
      said: expect.stringContaining("set ADMIN_TOKEN (from the environment)"),
    });
  });

  it("gives both Workers the same signing key, and makes no second one where one Worker has it", async () => {
    const sources = [{ prefix: "", bucket: "ORIGINALS", key: "{id}" }];
    const deploy = { staging: { buckets: { ORIGINALS: "photos" }, edge: "images.example.com" } };
    const folder = folderOf({ ...SITE, sources, deploy });
    const { run, recorded } = createAccount({ ...SECRETS, SIGNING_KEYS: "" });
    const keys = () =>
      recorded.calls
        .filter(({ args: [, verb] }) => verb === "bulk")
        .map(({ stdin = "{}" }) => JSON.parse(stdin).SIGNING_KEYS);
    recorded.fail(/secret bulk -c wrangler.edge/);
    expect(await run("provision --to staging --yes", { folder, answer: () => "" })).toMatchObject({ code: 1 });
    expect(keys()).toEqual([expect.stringMatching(/^[\w-]{32}$/), keys()[0]]);
    const again = await run("provision --to staging --yes", { folder, answer: () => "" });
    expect(again).toMatchObject({ code: 1, said: expect.stringContaining("SIGNING_KEYS is not given") });
    const typed = await run("provision --to staging --yes", { folder, answer: () => keys()[0] });
    expect([typed.code, keys()[2]]).toEqual([0, keys()[0]]);
  });

  it("gives the edge, and not the consumer, the secret that old URLs are signed with", async () => {
    const { run, cloudflare } = createAccount({ ...SECRETS, CLOUDINARY_API_SECRET: "b" });
    const folder = folderOf(SITE);
    const service = JSON.stringify(import.meta.resolve("@prewarm/legacy-urls/cloudinary"));
    // A service has functions, so that it is no JSON.
    const site = `import { cloudinary } from ${service};
      const legacy = [cloudinary({ secrets: ["CLOUDINARY_API_SECRET"] })];
      export default { ...${JSON.stringify(SITE)}, legacy };`;
    writeFileSync(join(folder, "site.mjs"), site);
    await run("provision --to staging --yes", { folder });
    const has = (worker: string): boolean =>
      cloudflare.script(`prewarm-${worker}-staging`).secrets.has("CLOUDINARY_API_SECRET");
    expect([has("edge"), has("consumer")]).toEqual([true, false]);
  });

  it("sets the secrets that outgoing events are signed by: /readyz demands them", async () => {
    const events = [{ url: "https://example.com/events", secrets: ["EVENTS_SECRET"] }];
    const folder = folderOf(defineConfig({ ...SITE, events } as never));
    expect((await createAccount().run("provision --to staging --dry-run", { folder })).said).toMatch(
      /set .*EVENTS_SECRET \(will be asked for\)/,
    );
  });

  describe("of a bucket or a queue that is in use already", () => {
    const BUCKET = "optimized-images-staging";
    const QUEUE = "prewarm-live-staging";
    function used() {
      const account = createAccount();
      account.cloudflare.buckets.set(BUCKET, { rules: [], objects: 12_345 });
      account.cloudflare.queues.set(QUEUE, { settings: {}, producers: 1 });
      return account;
    }

    it("says what it holds and since when, and takes neither by --yes", async () => {
      const { run } = used();
      const { code, said, changes } = await run("provision --to staging --yes");
      expect([code, changes]).toEqual([2, []]);
      expect(said).toMatch(
        /^todo {2}bucket optimized-.*: use it, although it holds 12,345 objects .*made on 2026-11-01$/m,
      );
      expect(said).toMatch(/^todo {2}queue prewarm-live-.*: use it, although a producer or consumer uses it/m);
      expect(said).toMatch(/--adopt optimized-images-staging/);
      expect(await run("deploy --to staging --yes")).toMatchObject({ code: 2, changes: [] });
    });

    it("takes them by name, typed or by --adopt, and does not ask a second time", async () => {
      const adopt = `provision --to staging --yes --adopt ${BUCKET}`;
      expect(await used().run(adopt)).toMatchObject({ code: 2, changes: [] });
      const { run } = used();
      const { code, changes } = await run(`${adopt} --adopt ${QUEUE}`);
      expect([code, changes.filter((line) => /create/.test(line))]).toEqual([0, CREATE.slice(1)]);
      expect(await run("provision --to staging --yes")).toMatchObject({ code: 0, changes: [] });
      const typed = (question: string) => (question.includes("bucket") ? BUCKET : QUEUE);
      expect((await used().run("provision --to staging --yes", { answer: typed })).code).toBe(0);
      expect((await used().run("provision --to staging --yes", { answer: () => "yes" })).code).toBe(2);
    });

    it("asks nothing where its own Worker stands, or where the bucket is empty", async () => {
      const account = await provisioned();
      account.cloudflare.buckets.set(BUCKET, { rules: [], objects: 9 });
      expect((await account.run("provision --to staging --yes")).code).toBe(0);
      const empty = createAccount();
      empty.cloudflare.buckets.set(BUCKET, { rules: [], objects: 0 });
      expect((await empty.run("provision --to staging --yes")).code).toBe(0);
    });
  });

  it("makes a bucket in its jurisdiction, and looks for it there", async () => {
    const { run, recorded } = createAccount();
    const folder = folderOf({ ...SITE, deploy: { staging: { jurisdiction: "eu" } } });
    const { changes } = await run("provision --to staging --yes", { folder });
    expect(changes[0]).toBe("r2 bucket create optimized-images-staging --jurisdiction eu");
    expect(changes[1]).toMatch(/^r2 bucket lifecycle add .* --jurisdiction eu$/);
    expect(recorded.calls.map(({ args }) => args.join(" "))).toContain(
      "r2 bucket info optimized-images-staging --json --jurisdiction eu",
    );
  });

  it.each<[NonNullable<DeployConfig["jurisdiction"]>, string[]]>([
    ["eu", ["eu", "eu", "eu", "eu"]],
    ["us", ["us", "us", "us", "us"]],
    [{ bucket: "eu", ledger: "fedramp" }, ["fedramp", "fedramp", "fedramp", "fedramp"]],
    // Queues have no fedramp-high.
    [{ ledger: "fedramp-high" }, ["fedramp", "fedramp", "fedramp", "fedramp"]],
    [{ bucket: "eu" }, ["", "", "", ""]],
  ])("of the jurisdiction %j makes all four queues in that of the ledger", async (jurisdiction, expected) => {
    const folder = folderOf({ ...SITE, deploy: { staging: { jurisdiction } } });
    const { run } = createAccount();
    const { changes } = await run("provision --to staging --yes", { folder });
    const made = changes.filter((line) => line.startsWith("queues create"));
    expect(made.map((line) => / --jurisdiction (\S+)/.exec(line)?.[1] ?? "")).toEqual(expected);
    expect(await run("provision --to staging --yes", { folder })).toMatchObject({ code: 0, changes: [] });
  });

  it.each<[DeployConfig["jurisdiction"], string | undefined, RegExp]>([
    ["eu", undefined, /prewarm-dead-staging has no jurisdiction, and deploy\.staging wants eu/],
    ["eu", "us", /prewarm-dead-staging is in the jurisdiction us, and deploy\.staging wants eu/],
    [undefined, "eu", /prewarm-dead-staging is in the jurisdiction eu, and deploy\.staging wants none/],
  ])("of the jurisdiction %j stops before a queue of another one (%j): it cannot move", async (wanted, has, said) => {
    const folder = folderOf({ ...SITE, deploy: { staging: wanted === undefined ? {} : { jurisdiction: wanted } } });
    const { run, cloudflare } = createAccount();
    cloudflare.queues.set("prewarm-dead-staging", {
      settings: {},
      ...(has === undefined ? {} : { jurisdiction: has }),
    });
    for (const line of ["provision --to staging --yes --adopt prewarm-dead-staging", "deploy --to staging --yes"])
      expect(await run(line, { folder })).toMatchObject({ code: 2, changes: [], said: expect.stringMatching(said) });
    // And it can be taken away.
    expect(await run("destroy --to staging --confirm staging", { folder })).toMatchObject({ code: 0 });
  });

  it("gives both Workers the signing keys where originals are private", async () => {
    const { run } = createAccount({ ...SECRETS, SIGNING_KEYS: "a-signing-key-of-32-characters!!" });
    const sources = [{ prefix: "", bucket: "ORIGINALS", key: "{id}" }];
    const deploy = { staging: { buckets: { ORIGINALS: "photos" } } };
    const folder = folderOf({ ...SITE, sources, deploy });
    const { said, changes } = await run("provision --to staging --yes", { folder });
    expect(changes).toContain("r2 bucket create photos");
    expect(said).toMatch(/secrets of prewarm-edge-staging: set SIGNING_KEYS/);
    expect(changes.filter((line) => line.startsWith("secret bulk"))).toHaveLength(2);
  });

  it.each([
    ["provision --to nowhere", /deploy in prewarm\.config\.ts has no nowhere, only staging, production/],
    ["provision", /Name the environment: --to staging or --to production\./],
    ["provision --to staging --dry", /Unknown option '--dry'/],
    ["provision --env staging", /Unknown option '--env'/],
  ])("refuses %s", async (line, expected) => {
    expect(await createAccount().run(line)).toMatchObject({
      code: 2,
      changes: [],
      said: expect.stringMatching(expected),
    });
  });

  it.each(["provision", "deploy", "rollback", "destroy --confirm staging"])(
    "does not %s by a wrangler file that is not what the configuration says",
    async (command) => {
      const folder = folderOf(SITE);
      const file = join(folder, "wrangler.edge.toml");
      writeFileSync(file, readFileSync(file, "utf8").replace("routes = []", 'routes = ["images.example.com/*"]'));
      const { run, recorded } = createAccount();
      expect(await run(`${command} --to staging`, { folder })).toMatchObject({
        code: 2,
        said: expect.stringMatching(/wrangler\.edge\.toml: it is not what prewarm\.config\.ts says: .*deploy/),
      });
      expect(recorded.calls).toEqual([]);
    },
  );

  it("acts on the account that the configuration names, and on no other", async () => {
    const account = "0123456789abcdef0123456789abcdef";
    const folder = folderOf({ ...SITE, deploy: { staging: { account } } });
    const other = createAccount({ ...SECRETS, CLOUDFLARE_ACCOUNT_ID: "f".repeat(32) });
    expect(await other.run("provision --to staging --yes", { folder })).toMatchObject({
      code: 2,
      said: expect.stringContaining(`set CLOUDFLARE_ACCOUNT_ID to it`),
    });
    expect(other.recorded.calls).toEqual([]);
    const same = createAccount({ ...SECRETS, CLOUDFLARE_ACCOUNT_ID: account });
    expect(await same.run("provision --to staging --yes", { folder })).toMatchObject({ code: 0 });
  });

  it("refuses a configuration at fault", async () => {
    const folder = folderOf({ ...SITE, recipes: { upload: ["p=crad"] } });
    expect(await createAccount().run("deploy --to staging --yes", { folder })).toMatchObject({
      code: 2,
      said: expect.stringContaining("crad"),
    });
  });
});

describe("without a login", () => {
  const WAYS = /npx wrangler login.*\n.*CLOUDFLARE_API_TOKEN.*The token/;
  function loggedOut() {
    const account = createAccount();
    account.recorded.logOut();
    return account;
  }

  it.each(["provision --yes", "deploy --yes", "rollback", "rollback aaaaaaaaaaaa", "destroy --dry-run"])(
    "%s says the two ways to log in, and none of wrangler's own",
    async (command) => {
      const { code, said } = await loggedOut().run(`${command} --to staging`);
      expect([code, said]).toEqual([3, expect.stringMatching(WAYS)]);
      expect(said).not.toContain("--temporary");
    },
  );

  it.each(["provision", "deploy"])("%s --dry-run plans for an account that holds nothing", async (command) => {
    const empty = await createAccount().run(`${command} --to staging --dry-run`);
    const { code, said } = await loggedOut().run(`${command} --to staging --dry-run`);
    expect(code).toBe(0);
    for (const line of empty.said.split("\n")) expect(said).toContain(line);
    expect(said).toMatch(/holds nothing\.\n/);
    expect(said).toMatch(WAYS);
    if (command === "deploy") expect(said).toMatch(/^todo {2}Worker prewarm-edge-staging: deploy aaaaaaaaaaaa/m);
    const json = JSON.parse((await loggedOut().run(`${command} --to staging --dry-run --json`)).stdout);
    expect(json).toMatchObject({ login: false, done: false });
  });

  it("check --account says so among its findings", async () => {
    const { code, said } = await loggedOut().run("check --account --to staging");
    expect([code, said]).toEqual([
      1,
      expect.stringMatching(/^fault +account +wrangler has no login.*npx wrangler login/m),
    ]);
    expect(said).toMatch(/^ok +budget/m);
  });

  it("is not what a token without a right has: its rights are named", async () => {
    const { run, recorded } = createAccount();
    recorded.fail(/queues info/, "✘ [ERROR] Authentication error [code: 10000]");
    const { code, said } = await run("provision --to staging --dry-run");
    expect([code, said]).toEqual([2, expect.stringMatching(/Authentication error(?:.*\n)+.*lacks a right.*The token/)]);
  });
});

const DEPLOY = (worker: string, tag: string) =>
  expect.stringMatching(`^deploy -c wrangler.${worker}.toml -e staging --minify --tag ${tag} `);

describe("deploy", () => {
  it("refuses what is not provisioned, and says what is missing", async () => {
    const { run } = createAccount();
    const refused = await run("deploy --to staging --yes");
    expect(refused).toMatchObject({ code: 2, changes: [] });
    expect(refused.said).toMatch(/^missing: queue prewarm-live-staging/m);
    expect(refused.said).toMatch(/prewarm provision --to staging$/);
  });

  it("deploys the consumer before the edge, named by the commit, and the second time nothing", async () => {
    const { run, repository } = await provisioned();
    const tag = repository.commit;
    expect((await run("deploy --to staging --yes")).changes).toEqual([DEPLOY("consumer", tag), DEPLOY("edge", tag)]);
    expect(await run("deploy --to staging --yes")).toMatchObject({ code: 0, changes: [] });
    expect(repository.builds).toBe(1);
    repository.dirty = true;
    expect((await run("deploy --to staging --yes")).changes).toHaveLength(2);
    expect((await run("deploy --to staging --yes")).changes).toHaveLength(2);
  });

  it.each(["consumer", "edge"])("stops where the %s fails, and goes on there", async (worker) => {
    const { run, recorded, repository } = await provisioned();
    recorded.fail(new RegExp(`^deploy -c wrangler.${worker}`));
    expect((await run("deploy --to staging --yes")).code).toBe(1);
    const rest = await run("deploy --to staging --yes");
    expect(rest.changes[0]).toEqual(DEPLOY(worker, repository.commit));
    expect((await run("deploy --to staging --yes")).changes).toEqual([]);
  });

  it("does not deploy what was not built", async () => {
    const { run, repository } = await provisioned();
    repository.builds = Number.NaN;
    expect(await run("deploy --to staging --yes")).toMatchObject({
      code: 1,
      changes: [],
      said: expect.stringContaining("The dashboard did not build"),
    });
  });
});

describe("rollback", () => {
  async function twice() {
    const account = await provisioned();
    await account.run("deploy --to staging --yes");
    account.repository.commit = "bbbbbbbbbbbb";
    await account.run("deploy --to staging --yes");
    return account;
  }

  it("says how far it can go", async () => {
    const { run } = await twice();
    const { code, said, changes } = await run("rollback --to staging");
    expect([code, changes]).toEqual([0, []]);
    expect(said).toMatch(/bbbbbbbbbbbb {2}can be rolled back to\n.*aaaaaaaaaaaa {2}can be rolled back to/);
  });

  it("takes the edge back before the consumer, and the second time nothing", async () => {
    const { run, cloudflare } = await twice();
    const [edge, consumer] = ["prewarm-edge-staging", "prewarm-consumer-staging"].map((name) =>
      cloudflare.script(name),
    );
    const [, edgeBefore] = edge!.versions;
    const [, consumerBefore] = consumer!.versions;
    expect((await run("rollback aaaaaaaaaaaa --to staging --yes")).changes).toEqual([
      `rollback ${edgeBefore!.id} -c wrangler.edge.toml -e staging --message Back to aaaaaaaaaaaa --yes`,
      `rollback ${consumerBefore!.id} -c wrangler.consumer.toml -e staging --message Back to aaaaaaaaaaaa --yes`,
    ]);
    expect([edge!.running, consumer!.running]).toEqual([edgeBefore!.id, consumerBefore!.id]);
    expect((await run("rollback aaaaaaaaaaaa --to staging --yes")).changes).toEqual([]);
  });

  it.each(["edge", "consumer"])("stops where the %s fails, and goes on there", async (worker) => {
    const { run, recorded } = await twice();
    recorded.fail(new RegExp(`^rollback .*wrangler.${worker}`));
    expect((await run("rollback aaaaaaaaaaaa --to staging --yes")).code).toBe(1);
    const rest = await run("rollback aaaaaaaaaaaa --to staging --yes");
    expect(rest.changes[0]).toContain(`wrangler.${worker}.toml`);
  });

  /** A version of a later Prewarm, deployed by hand. */
  function deployLater({ cloudflare }: Awaited<ReturnType<typeof twice>>, message: string): void {
    for (const worker of ["prewarm-consumer-staging", "prewarm-edge-staging"])
      cloudflare.deployed(worker, `${worker}-c`, "cccccccccccc", message, 1000);
  }

  it("passes a migration of the ledger only when it is told to, there and back", async () => {
    const account = await twice();
    const { run } = account;
    deployLater(account, versionMessage("0.2.0", "00c0ffee"));
    expect((await run("rollback --to staging")).said).toMatch(
      /bbbbbbbbbbbb {2}can be rolled back to with --past-migration: the ledger's tables are newer\n/,
    );
    const refused = await run("rollback bbbbbbbbbbbb --to staging --yes");
    expect([refused.code, refused.changes]).toEqual([2, []]);
    expect(refused.said).toMatch(/newer than bbbbbbbbbbbb.*\n.*ledger export.*--past-migration/);
    expect((await run("rollback bbbbbbbbbbbb --to staging --yes --past-migration")).code).toBe(0);
    // The tables are the newest version's, whichever runs.
    expect((await run("rollback --to staging")).said).toMatch(/aaaaaaaaaaaa {2}can be rolled back to with --past-mig/);
    expect((await run("rollback cccccccccccc --to staging --yes")).code).toBe(0);
  });

  it("never passes a major version, nor goes to what it cannot judge", async () => {
    const account = await twice();
    const { run, cloudflare } = account;
    deployLater(account, versionMessage("1.0.0", "00c0ffee"));
    expect((await run("rollback --to staging")).said).toMatch(
      /bbbbbbbbbbbb {2}it is Prewarm 0.*cannot use the tables of 1/,
    );
    const flags = "--to staging --yes --past-migration";
    expect(await run(`rollback bbbbbbbbbbbb ${flags}`)).toMatchObject({ code: 2, changes: [] });
    expect(await run(`rollback 999999999999 ${flags}`)).toMatchObject({ code: 2, changes: [] });
    cloudflare.deployed("prewarm-consumer-staging", "by-hand", "by-hand", "", 2000);
    expect(await run(`rollback by-hand ${flags}`)).toMatchObject({ code: 2, changes: [] });
  });

  it("finds a version of uncommitted work by its commit, and a package's by that of the site", async () => {
    const account = await twice();
    const { run, cloudflare } = account;
    account.repository.dirty = true;
    await run("deploy --to staging --yes");
    await run("rollback aaaaaaaaaaaa --to staging --yes");
    const back = await run("rollback bbbbbbbbbbbb --to staging --dry-run");
    expect(back.said).toMatch(/roll back to bbbbbbbbbbbb \(/);
    const edge = cloudflare.script("prewarm-edge-staging");
    const consumer = cloudflare.script("prewarm-consumer-staging");
    for (const { versions } of [edge, consumer])
      versions.find(({ annotations }) => annotations["workers/tag"] === "bbbbbbbbbbbb")!.annotations["workers/tag"] =
        "0.1.0-cccccccccccc";
    expect((await run("rollback bbbbbbbbbbbb --to staging --yes")).changes[0]).toContain("Back to bbbbbbbbbbbb-dirty");
    expect((await run("rollback ccccccc --to staging --yes")).changes[0]).toContain("Back to 0.1.0-cccccccccccc");
    // Too short to name a commit.
    expect(await run("rollback a --to staging --yes")).toMatchObject({ code: 2, changes: [] });
  });

  it("does not choose between two versions of one commit", async () => {
    const { run, cloudflare } = await twice();
    for (const worker of ["prewarm-consumer-staging", "prewarm-edge-staging"])
      for (const version of ["0.1.0", "0.2.0"])
        cloudflare.deployed(worker, `${worker}-${version}`, `${version}-dddddddddddd`, versionMessage(version), 1000);
    expect(await run("rollback dddddddddddd --to staging --yes")).toMatchObject({
      code: 2,
      changes: [],
      said: expect.stringMatching(/dddddddddddd names 0\.2\.0-dddddddddddd and 0\.1\.0-dddddddddddd/),
    });
  });

  it("sees the code behind a version that only changed a secret", async () => {
    const { run, cloudflare } = await twice();
    cloudflare.deployed("prewarm-consumer-staging", "secret-change", "", "", 1000);
    expect((await run("rollback --to staging")).said).toMatch(/aaaaaaaaaaaa {2}can be rolled back to/);
  });
});

describe("check --account", () => {
  const BINDINGS = ["VERSION", "IMAGES_BUCKET", "LIVE_QUEUE", "CONSUMER", "ENQUEUE_LIMIT", "UNKNOWN_LIMIT"];
  const bound = (names: readonly string[]) => names.map((name) => ({ name, type: "any" }));

  it("says that nothing runs, and what is missing", async () => {
    const { said, changes } = await createAccount().run("check --account --to staging");
    expect(changes).toEqual([]);
    expect(said).toMatch(/^look +runs +nothing in staging; installed is Prewarm \d/m);
    expect(said).toMatch(/^fault +missing +queue prewarm-work-staging: create it/m);
  });

  it("after provision finds what it made, secrets and rules too, and advises nothing of it", async () => {
    const { code, said } = await (await provisioned()).run("check --account --to staging");
    expect(said).toMatch(/^ok +account +secrets of prewarm-consumer-staging$/m);
    expect(said).toMatch(/^ok +account +lifecycle rule dead\/ of optimized-images-staging$/m);
    expect(said).not.toMatch(/not looked at|prewarm provision|wrangler secret/);
    expect(code).toBe(0);
  });

  it("says what is new, whether the ledger migrates, and which rollback it leaves", async () => {
    const { run, cloudflare, repository } = await provisioned();
    await run("deploy --to staging --yes");
    const same = await run("check --account --to staging");
    expect(same.said).toMatch(/^look +runs +Prewarm \S+ \(aaaaaaaaaaaa\)/m);
    expect(same.said).toMatch(/^ok +tables +unchanged\nlook +rollback +aaaaaaaaaaaa is accepted$/m);
    repository.commit = "bbbbbbbbbbbb";
    const consumer = cloudflare.script("prewarm-consumer-staging");
    const edge = cloudflare.script("prewarm-edge-staging");
    edge.versions[0]!.bindings = bound([...BINDINGS.slice(1), "OLD_LIMIT"]);
    consumer.versions[0]!.annotations["workers/message"] = versionMessage("0.0.9", "00c0ffee");
    cloudflare.queues.delete("prewarm-dead-staging");
    const { said, changes } = await run("check --account --to staging");
    expect(changes).toEqual([]);
    expect(said).toMatch(/^look +runs +Prewarm 0\.0\.9 \(aaaaaaaaaaaa\)/m);
    expect(said).toMatch(/^fault +missing +queue prewarm-dead-staging/m);
    expect(said).toMatch(/^look +bindings +prewarm-edge-staging gets VERSION$/m);
    expect(said).toMatch(/^look +bindings +prewarm-edge-staging loses OLD_LIMIT$/m);
    expect(said).toMatch(/^look +tables +the first call migrates the ledger.*ledger export/m);
    expect(said).toMatch(/^look +rollback +aaaaaaaaaaaa is accepted with --past-migration$/m);
    consumer.versions[0]!.annotations["workers/message"] = "by hand";
    expect((await run("check --account --to staging")).said).toMatch(
      /^look +tables +not known.*\nlook +rollback +no version is accepted/m,
    );
  });
});

describe("destroy", () => {
  async function standing() {
    const account = await provisioned();
    await account.run("deploy --to staging --yes");
    return account;
  }

  it("deletes what is there, the edge first, and the second time nothing", async () => {
    const { run } = await standing();
    expect((await run("destroy --to staging --confirm staging")).changes).toEqual([
      "delete -c wrangler.edge.toml -e staging --force",
      "delete -c wrangler.consumer.toml -e staging --force",
      ...QUEUES.map((queue) => `queues delete ${queue}`),
      "r2 bucket delete optimized-images-staging",
    ]);
    expect(await run("destroy --to staging --confirm staging")).toMatchObject({ code: 0, changes: [] });
  });

  it.each(["", " --confirm production", " --dry-run"])('deletes nothing with "%s"', async (flag) => {
    const { run } = await standing();
    expect((await run(`destroy --to staging${flag}`)).changes).toEqual([]);
  });

  it("does not take --yes, and names what agrees", async () => {
    expect(await (await standing()).run("destroy --to staging --yes")).toMatchObject({
      code: 2,
      changes: [],
      said: expect.stringContaining("Unknown option '--yes'. Did you mean --confirm <name>?"),
    });
  });

  it("goes on after a bucket that was not empty", async () => {
    const { run, cloudflare } = await standing();
    cloudflare.buckets.get("optimized-images-staging")!.objects = 3;
    expect(await run("destroy --to staging --confirm staging")).toMatchObject({
      code: 1,
      said: expect.stringContaining("not empty"),
    });
    cloudflare.buckets.get("optimized-images-staging")!.objects = 0;
    expect((await run("destroy --to staging --confirm staging")).changes).toEqual([
      "r2 bucket delete optimized-images-staging",
    ]);
  });
});

describe("smoke", () => {
  /** The first request of `smoke`, or what it says without one. */
  async function smoke(folder: string, line: string) {
    const asked: string[] = [];
    const fetch = (url: string) => {
      asked.push(url);
      return Response.json({ status: "ready" }, { status: asked.length > 1 ? 500 : 200 });
    };
    const world = createWorld({ env: { ADMIN_TOKEN: SECRETS.ADMIN_TOKEN }, cwd: folder, fetch });
    const code = await runCli([...line.split(" "), "--config", join(folder, "site.mjs")], world.context, () => {});
    return { code, said: world.stderr(), asked: asked.map((url) => new URL(url).origin) };
  }

  it("asks the addresses that the configuration names", async () => {
    const deploy = { staging: { edge: "images.example.com", control: "control.example.com" } };
    const { asked } = await smoke(folderOf({ ...SITE, deploy }), "smoke probe.jpg --to staging");
    expect(asked.slice(0, 2)).toEqual(["https://control.example.com", "https://images.example.com"]);
  });

  it("asks the addresses that deploy printed, in the folder where it ran", async () => {
    const { run, home } = await provisioned();
    await run("deploy --to staging --yes");
    const { asked } = await smoke(home, "smoke probe.jpg --to staging");
    expect(asked.slice(0, 2)).toEqual(
      ["consumer", "edge"].map((worker) => `https://prewarm-${worker}-staging.example.workers.dev`),
    );
  });

  it.each([
    [{}, /^prewarm: Nothing says where the consumer of staging answers\.\n.*PREWARM_URL.*control in deploy\.staging/],
    [
      { control: "control.example.com" },
      /^prewarm: Nothing says where the edge of staging answers\.\n.*PREWARM_EDGE_URL, or edge in deploy\.staging/,
    ],
  ])("of an environment without addresses asks nobody, least of all the local stack: %o", async (staging, expected) => {
    const { code, said, asked } = await smoke(
      folderOf({ ...SITE, deploy: { staging } }),
      "smoke probe.jpg --to staging",
    );
    expect([code, asked]).toEqual([2, []]);
    expect(said).toMatch(expected);
  });
});
