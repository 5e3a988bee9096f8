import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cloudinary } from "@prewarm/legacy-urls/cloudinary";
import { printFiles, REPOSITORY } from "@prewarm/wrangler-files/wrangler-files";
import { describe, expect, it } from "vitest";
import { type Config, defineConfig } from "../../packages/shared/src/config.ts";
import { tempFolder } from "../../test/temp-folder.ts";
import { runCommand, type World } from "./commands.ts";
import { versionMessage } from "./release.ts";
import { FakeCloudflare } from "./testing/fake-cloudflare.ts";
import { recordingWrangler } from "./testing/recording-wrangler.ts";

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

/** A site in a folder of its own, with the wrangler files that it prints. */
function siteOf(config: Config): Pick<World, "site" | "folder"> {
  const folder = tempFolder("prewarm-deploy-");
  for (const [name, text] of printFiles(config, REPOSITORY)) writeFileSync(join(folder, name), text);
  return { site: { config, faults: [] }, folder };
}
const SECRETS = {
  ITTYBIT_API_KEY: "key-of-ittybit",
  ADMIN_TOKEN: "an-admin-token-of-32-characters!",
  HOOK_SECRET: `whsec_${Buffer.alloc(32, 7).toString("base64")}`,
};

function createAccount(env: Record<string, string> = SECRETS) {
  const cloudflare = new FakeCloudflare();
  const recorded = recordingWrangler(cloudflare);
  const said: string[] = [];
  const state = { tag: "aaaaaaaaaaaa", message: versionMessage("0.1.0"), builds: 0 };
  const world: World = {
    wrangler: recorded.wrangler,
    ...siteOf(SITE),
    env,
    person: { tell: (line) => said.push(line), ask: null },
    askSecret: null,
    release: () => ({ tag: state.tag, message: state.message }),
    buildDashboard: async () => {
      state.builds += 1;
    },
    prewarm: async (args) => {
      said.push(`prewarm ${args.join(" ")}`);
      return 0;
    },
  };
  /** Runs one command line and returns its exit code, what it said, and what it changed. */
  async function run(line: string, more: Partial<World> = {}) {
    said.length = 0;
    const before = recorded.changes().length;
    const code = await runCommand(line.split(" "), { ...world, ...more });
    return { code, said: said.join("\n"), changes: recorded.changes().slice(before) };
  }
  return { cloudflare, recorded, state, run };
}

async function provisioned() {
  const account = createAccount();
  await account.run("provision --env staging --yes");
  return account;
}

const QUEUES = ["live", "work", "uploads", "dead"].map((role) => `prewarm-${role}-staging`);
const CREATE = QUEUES.map((queue) => `queues create ${queue} --message-retention-period-secs 345600`);

describe("provision", () => {
  it("creates what is missing, and the second time nothing", async () => {
    const { run, cloudflare } = createAccount();
    const first = await run("provision --env staging --yes");
    expect(first).toMatchObject({
      code: 0,
      changes: [
        "r2 bucket create optimized-images-staging",
        "r2 bucket lifecycle add optimized-images-staging markers dead/ --expire-days 1 --force",
        ...CREATE,
        "secret bulk -c wrangler.consumer.toml -e staging",
      ],
    });
    expect([...cloudflare.script("prewarm-consumer-staging").secrets]).toEqual(Object.keys(SECRETS));
    expect(await run("provision --env staging --yes")).toMatchObject({
      code: 0,
      changes: [],
      said: expect.stringMatching(/Nothing to do\.$/),
    });
  });

  it("changes nothing with --dry-run, and nothing where nobody can agree", async () => {
    const { run } = createAccount();
    const dry = await run("provision --env staging --dry-run");
    expect(dry).toMatchObject({ code: 0, changes: [] });
    expect(dry.said).toContain("todo  queue prewarm-live-staging: create it, keeping messages 4 days");
    expect(await run("provision --env staging")).toMatchObject({ code: 2, changes: [] });
    const no = { person: { tell: () => {}, ask: async () => "n" } };
    expect(await run("provision --env staging", no)).toMatchObject({ code: 2, changes: [] });
  });

  it.each(["r2 bucket create", "lifecycle add", "create prewarm-live", "create prewarm-dead", "secret bulk"])(
    "stops where %s fails, and goes on there",
    async (step) => {
      const { run, recorded } = createAccount();
      recorded.fail(new RegExp(step));
      const broken = await run("provision --env staging --yes");
      expect(broken.code).toBe(1);
      expect(broken.said).toContain("fetch failed");
      expect(broken.changes.at(-1)).toMatch(step);
      const rest = await run("provision --env staging --yes");
      expect(rest.code).toBe(0);
      expect(rest.changes[0]).toMatch(step);
      expect(broken.changes.length - 1 + rest.changes.length).toBe(7);
      expect((await run("provision --env staging --yes")).changes).toEqual([]);
    },
  );

  it.each(["r2 bucket info", "queues info", "secret list"])(
    "takes a failing %s for no answer, never for an empty account",
    async (read) => {
      const { run, recorded } = await provisioned();
      recorded.fail(new RegExp(read));
      expect(await run("provision --env staging --yes")).toMatchObject({
        code: 2,
        changes: [],
        said: expect.stringContaining("fetch failed"),
      });
    },
  );

  it("never shows a secret, nor names it on a command line", async () => {
    const { run, recorded } = createAccount();
    recorded.fail(/secret bulk/);
    const said = (await run("provision --env staging --yes")).said + (await run("provision --env staging --yes")).said;
    const lines = recorded.calls.map(({ args }) => args.join(" ")).join("\n");
    const given = recorded.calls.map(({ stdin = "" }) => stdin).join("\n");
    for (const value of Object.values(SECRETS)) {
      expect(said).not.toContain(value);
      expect(lines).not.toContain(value);
      expect(given).toContain(value);
    }
  });

  it("asks for a secret that the environment has not, and refuses one that /readyz would refuse", async () => {
    const { run, cloudflare } = createAccount({ ITTYBIT_API_KEY: "key", HOOK_SECRET: SECRETS.HOOK_SECRET });
    expect(await run("provision --env staging --yes")).toMatchObject({
      code: 1,
      said: expect.stringContaining("ADMIN_TOKEN is not given"),
    });
    const asked: string[] = [];
    const short = async (name: string) => {
      asked.push(name);
      return "short";
    };
    expect(await run("provision --env staging --yes", { askSecret: short })).toMatchObject({
      code: 1,
      changes: [],
      said: expect.stringContaining("ADMIN_TOKEN: it is shorter than 24"),
    });
    expect((await run("provision --env staging --yes", { askSecret: async () => SECRETS.ADMIN_TOKEN })).code).toBe(0);
    expect(asked).toEqual(["ADMIN_TOKEN"]);
    expect(cloudflare.script("prewarm-consumer-staging").secrets.has("ADMIN_TOKEN")).toBe(true);
  });

  it("makes a bucket in its jurisdiction, and looks for it there", async () => {
    const { run, recorded } = createAccount();
    const here = siteOf({ ...SITE, deploy: { staging: { jurisdiction: "eu" } } });
    const { changes } = await run("provision --env staging --yes", here);
    expect(changes[0]).toBe("r2 bucket create optimized-images-staging --jurisdiction eu");
    expect(changes[1]).toMatch(/^r2 bucket lifecycle add .* --jurisdiction eu$/);
    expect(recorded.calls.map(({ args }) => args.join(" "))).toContain(
      "r2 bucket info optimized-images-staging --json --jurisdiction eu",
    );
  });

  it("gives both Workers the signing keys where originals are private", async () => {
    const { run } = createAccount({ ...SECRETS, SIGNING_KEYS: "a-signing-key-of-32-characters!!" });
    const sources = [{ prefix: "", bucket: "ORIGINALS", key: "{id}" }];
    const deploy = { staging: { buckets: { ORIGINALS: "photos" } } };
    const { said, changes } = await run("provision --env staging --yes", siteOf({ ...SITE, sources, deploy }));
    expect(changes).toContain("r2 bucket create photos");
    expect(said).toMatch(/secrets of prewarm-edge-staging: set SIGNING_KEYS/);
    expect(changes.filter((line) => line.startsWith("secret bulk"))).toHaveLength(2);
  });

  it("gives the edge, and not the consumer, the secret that old URLs are signed with", async () => {
    const { run, cloudflare } = createAccount({ ...SECRETS, CLOUDINARY_API_SECRET: "b" });
    const legacy = [cloudinary({ secrets: ["CLOUDINARY_API_SECRET"] })];
    await run("provision --env staging --yes", siteOf({ ...SITE, legacy }));
    const has = (worker: string): boolean =>
      cloudflare.script(`prewarm-${worker}-staging`).secrets.has("CLOUDINARY_API_SECRET");
    expect([has("edge"), has("consumer")]).toEqual([true, false]);
  });

  it.each([
    ["provision --env nowhere", /deploy in prewarm\.config\.ts has no nowhere, only staging, production/],
    ["provision", /^npm run provision/],
    ["provisoin --env staging", /^npm run provision/],
    ["provision --env staging --dry", /Unknown option '--dry'/],
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
      const here = siteOf(SITE);
      const file = join(here.folder, "wrangler.edge.toml");
      writeFileSync(file, readFileSync(file, "utf8").replace("routes = []", 'routes = ["images.example.com/*"]'));
      const { run, recorded } = createAccount();
      expect(await run(`${command} --env staging --yes`, here)).toMatchObject({
        code: 2,
        said: expect.stringMatching(/^wrangler\.edge\.toml: it is not what prewarm\.config\.ts says: .*deploy/),
      });
      expect(recorded.calls).toEqual([]);
    },
  );

  it("acts on the account that the configuration names, and on no other", async () => {
    const account = "0123456789abcdef0123456789abcdef";
    const here = siteOf({ ...SITE, deploy: { staging: { account } } });
    const other = createAccount({ ...SECRETS, CLOUDFLARE_ACCOUNT_ID: "f".repeat(32) });
    expect(await other.run("provision --env staging --yes", here)).toMatchObject({
      code: 2,
      said: expect.stringContaining(`set CLOUDFLARE_ACCOUNT_ID to it`),
    });
    expect(other.recorded.calls).toEqual([]);
    const same = createAccount({ ...SECRETS, CLOUDFLARE_ACCOUNT_ID: account });
    expect(await same.run("provision --env staging --yes", here)).toMatchObject({ code: 0 });
  });

  it("refuses a configuration at fault", async () => {
    const site = { config: SITE, faults: ["recipes.upload[0]: there is no preset crad"] };
    expect(await createAccount().run("deploy --env staging --yes", { site })).toMatchObject({
      code: 2,
      said: expect.stringContaining("no preset crad"),
    });
  });
});

const DEPLOY = (worker: string, tag: string) =>
  expect.stringMatching(`^deploy -c wrangler.${worker}.toml -e staging --minify --tag ${tag} `);

describe("deploy", () => {
  it("refuses what is not provisioned, and says what is missing", async () => {
    const { run } = createAccount();
    const refused = await run("deploy --env staging --yes");
    expect(refused).toMatchObject({ code: 2, changes: [] });
    expect(refused.said).toMatch(/^missing: queue prewarm-live-staging/m);
    expect(refused.said).toMatch(/npm run provision -- --env staging$/);
  });

  it("deploys the consumer before the edge, named by the commit, and the second time nothing", async () => {
    const { run, state } = await provisioned();
    const tag = state.tag;
    expect((await run("deploy --env staging --yes")).changes).toEqual([DEPLOY("consumer", tag), DEPLOY("edge", tag)]);
    expect(await run("deploy --env staging --yes")).toMatchObject({ code: 0, changes: [] });
    expect(state.builds).toBe(1);
    state.tag = `${tag}-dirty`;
    expect((await run("deploy --env staging --yes")).changes).toHaveLength(2);
    expect((await run("deploy --env staging --yes")).changes).toHaveLength(2);
  });

  it.each(["consumer", "edge"])("stops where the %s fails, and goes on there", async (worker) => {
    const { run, recorded, state } = await provisioned();
    recorded.fail(new RegExp(`^deploy -c wrangler.${worker}`));
    expect((await run("deploy --env staging --yes")).code).toBe(1);
    const rest = await run("deploy --env staging --yes");
    expect(rest.changes[0]).toEqual(DEPLOY(worker, state.tag));
    expect((await run("deploy --env staging --yes")).changes).toEqual([]);
  });

  it("does not deploy what was not built", async () => {
    const { run } = await provisioned();
    const buildDashboard = () => Promise.reject(new Error("npm run build failed"));
    expect(await run("deploy --env staging --yes", { buildDashboard })).toMatchObject({ code: 1, changes: [] });
  });
});

describe("rollback", () => {
  async function twice() {
    const account = await provisioned();
    await account.run("deploy --env staging --yes");
    account.state.tag = "bbbbbbbbbbbb";
    await account.run("deploy --env staging --yes");
    return account;
  }

  it("says how far it can go", async () => {
    const { run } = await twice();
    const { code, said, changes } = await run("rollback --env staging");
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
    expect((await run("rollback --env staging --to aaaaaaaaaaaa --yes")).changes).toEqual([
      `rollback ${edgeBefore!.id} -c wrangler.edge.toml -e staging --message Back to aaaaaaaaaaaa --yes`,
      `rollback ${consumerBefore!.id} -c wrangler.consumer.toml -e staging --message Back to aaaaaaaaaaaa --yes`,
    ]);
    expect([edge!.running, consumer!.running]).toEqual([edgeBefore!.id, consumerBefore!.id]);
    expect((await run("rollback --env staging --to aaaaaaaaaaaa --yes")).changes).toEqual([]);
  });

  it.each(["edge", "consumer"])("stops where the %s fails, and goes on there", async (worker) => {
    const { run, recorded } = await twice();
    recorded.fail(new RegExp(`^rollback .*wrangler.${worker}`));
    expect((await run("rollback --env staging --to aaaaaaaaaaaa --yes")).code).toBe(1);
    const rest = await run("rollback --env staging --to aaaaaaaaaaaa --yes");
    expect(rest.changes[0]).toContain(`wrangler.${worker}.toml`);
  });

  it("goes no further than the ledger's tables, nor to what it cannot judge", async () => {
    const { run, state } = await twice();
    state.tag = "cccccccccccc";
    state.message = "Prewarm 0.2.0, ledger schema 00c0ffee";
    await run("deploy --env staging --yes");
    expect((await run("rollback --env staging")).said).toMatch(
      /bbbbbbbbbbbb {2}the ledger's tables are of another version/,
    );
    expect(await run("rollback --env staging --to bbbbbbbbbbbb --yes")).toMatchObject({ code: 2, changes: [] });
    expect(await run("rollback --env staging --to 999999999999 --yes")).toMatchObject({ code: 2, changes: [] });
  });

  it("sees the code behind a version that only changed a secret", async () => {
    const { run, cloudflare } = await twice();
    cloudflare.deployed("prewarm-consumer-staging", "secret-change", "", "", 1000);
    expect((await run("rollback --env staging")).said).toMatch(/aaaaaaaaaaaa {2}can be rolled back to/);
  });
});

describe("destroy", () => {
  async function standing() {
    const account = await provisioned();
    await account.run("deploy --env staging --yes");
    return account;
  }

  it("deletes what is there, the edge first, and the second time nothing", async () => {
    const { run } = await standing();
    expect((await run("destroy --env staging --confirm staging")).changes).toEqual([
      "delete -c wrangler.edge.toml -e staging --force",
      "delete -c wrangler.consumer.toml -e staging --force",
      ...QUEUES.map((queue) => `queues delete ${queue}`),
      "r2 bucket delete optimized-images-staging",
    ]);
    expect(await run("destroy --env staging --confirm staging")).toMatchObject({ code: 0, changes: [] });
  });

  it.each(["--yes", "--confirm production", "--dry-run"])("deletes nothing with %s", async (flag) => {
    const { run } = await standing();
    expect((await run(`destroy --env staging ${flag}`)).changes).toEqual([]);
  });

  it("goes on after a bucket that was not empty", async () => {
    const { run, cloudflare } = await standing();
    cloudflare.buckets.get("optimized-images-staging")!.objects = 3;
    expect(await run("destroy --env staging --confirm staging")).toMatchObject({
      code: 1,
      said: expect.stringContaining("not empty"),
    });
    cloudflare.buckets.get("optimized-images-staging")!.objects = 0;
    expect((await run("destroy --env staging --confirm staging")).changes).toEqual([
      "r2 bucket delete optimized-images-staging",
    ]);
  });
});

describe("smoke", () => {
  const addresses = { PREWARM_URL: "https://control.example.com", PREWARM_EDGE_URL: "https://images.example.com" };

  it("runs prewarm smoke at the environment's addresses", async () => {
    const { said } = await createAccount(addresses).run("smoke --env staging --image probe.jpg");
    expect(said).toBe(
      "prewarm smoke probe.jpg --url https://control.example.com --edge-url https://images.example.com",
    );
  });

  it("knows the addresses that the configuration names", async () => {
    const deploy = { staging: { edge: "images.example.com", control: "control.example.com" } };
    const { said } = await createAccount({}).run("smoke --env staging --image probe.jpg", siteOf({ ...SITE, deploy }));
    expect(said).toBe(
      "prewarm smoke probe.jpg --url https://control.example.com --edge-url https://images.example.com",
    );
  });

  it("says which address and image it lacks", async () => {
    const { code, said } = await createAccount({}).run("smoke --env staging");
    expect(code).toBe(2);
    expect(said).toMatch(/PREWARM_URL=.*\n.*EDGE_URL.*\n.*--image <id>/);
  });
});
