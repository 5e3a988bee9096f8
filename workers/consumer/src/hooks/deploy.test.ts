import { createHash, createHmac } from "node:crypto";
import type { HookConfig } from "@prewarm/shared/config";
import { defineConfig } from "@prewarm/shared/config";
import { checkConfig } from "@prewarm/shared/config-check";
import { SignJWT } from "jose";
import { describe, expect, it } from "vitest";
import { createApiWorld, SITE } from "../api/testing/api-world.ts";
import { RECIPES } from "./testing/recipes.ts";

/* A deploy of production asks for a visit of the hook's sites, and nothing else that these services send does. */

const SECRET = "a secret of the hook";
const SITES = { shop: { sitemaps: ["https://shop.example.com/sitemap.xml"] } };

interface Sender {
  verifier: HookConfig["verifier"];
  prove(body: string): Promise<Record<string, string>> | Record<string, string>;
  /** Shortened bodies of the services' own pages. */
  done: object;
  others: Record<string, object>;
}

const hmac = (hash: string, body: string) => createHmac(hash, SECRET).update(body).digest("hex");
const jws = (body: string, secret = SECRET, issuer = "netlify") =>
  new SignJWT({ sha256: createHash("sha256").update(body).digest("hex") })
    .setProtectedHeader({ alg: "HS256" })
    .setIssuer(issuer)
    .sign(new TextEncoder().encode(secret));

const vercel = (type: string, target: string | null) => ({
  id: "evt_1",
  type,
  createdAt: 1_795_000_000_000,
  payload: {
    target,
    team: { id: "t" },
    project: { id: "p" },
    deployment: { id: "dpl_1", name: "shop", url: "shop-1.vercel.app" },
  },
});
const netlify = (state: string, context: string) => ({
  ...{ id: "5ebc34bf", site_id: "fa4dd95a", build_id: "5ebc34b0", state, context, name: "shop" },
  ...{ url: "https://shop.example.com", branch: "main" },
});
const pages = (data: object, alert = "pages_event_alert") => ({
  ...{ name: "deploys", text: "Deployed", data, ts: 1_795_000_000, account_id: "a", policy_id: "p", alert_type: alert },
});
const github = (state: string, environment: string, more: object = {}) => ({
  action: "created",
  deployment_status: { id: 1, state, environment, target_url: "https://shop.example.com" },
  deployment: { id: 2, environment, ...more },
  repository: { full_name: "acme/shop" },
});

const SENDERS: Record<"vercel" | "netlify" | "cloudflare-pages" | "github", Sender> = {
  vercel: {
    verifier: RECIPES.vercel.verifier,
    prove: (body) => ({ "x-vercel-signature": hmac("sha1", body) }),
    done: vercel("deployment.succeeded", "production"),
    others: {
      "a preview": vercel("deployment.succeeded", null),
      "a deploy that begins": vercel("deployment.created", "production"),
      "a deploy that failed": vercel("deployment.error", "production"),
    },
  },
  netlify: {
    verifier: RECIPES.netlify.verifier,
    prove: async (body) => ({ "x-webhook-signature": await jws(body) }),
    done: netlify("ready", "production"),
    others: { "a preview": netlify("ready", "deploy-preview"), "a deploy that failed": netlify("error", "production") },
  },
  "cloudflare-pages": {
    verifier: RECIPES.pages.verifier,
    prove: () => ({ "cf-webhook-auth": SECRET }),
    done: pages({ event: "EVENT_DEPLOYMENT_SUCCESS", environment: "ENVIRONMENT_PRODUCTION" }),
    others: {
      "a preview": pages({ event: "EVENT_DEPLOYMENT_SUCCESS", environment: "ENVIRONMENT_PREVIEW" }),
      "a deploy that failed": pages({ event: "EVENT_DEPLOYMENT_FAILED" }),
      "another notification": pages({}, "health_check_status_notification"),
    },
  },
  github: {
    verifier: RECIPES.github.verifier,
    prove: (body) => ({ "x-hub-signature-256": `sha256=${hmac("sha256", body)}` }),
    done: github("success", "Production"),
    others: {
      "a preview": github("success", "Preview"),
      "a deploy that failed": github("failure", "production"),
      "a ping": { zen: "Design for failure.", hook_id: 1 },
    },
  },
};

function worldOf(from: keyof typeof SENDERS) {
  const { verifier } = SENDERS[from];
  const hooks = { deploy: { verifier, mapper: { kind: "deploy" as const, from, sites: ["shop"] } } };
  const site = { hooks, sites: SITES };
  expect(checkConfig(defineConfig({ ...SITE, ...site }))).toEqual([]);
  const world = createApiWorld(site, { secret: () => SECRET });
  const send = (body: string, headers: Record<string, string>) =>
    world.json("POST", "/hooks/deploy", { token: null, body, headers });
  const wanted = () => world.ledger.listSites().map(({ wanted: reason }) => reason);
  return { ...world, send, wanted };
}

describe.each(Object.keys(SENDERS) as (keyof typeof SENDERS)[])("a deploy that %s tells of", (from) => {
  const { prove, done, others } = SENDERS[from];

  it("has its sites visited, once for each deploy, and is listed", async () => {
    const { send, wanted, json, ledger } = worldOf(from);
    const body = JSON.stringify(done);
    expect(await send(body, await prove(body))).toMatchObject({
      status: 202,
      body: { sites: ["shop"], duplicate: false },
    });
    expect(wanted()).toEqual(["deploy"]);
    ledger.takeVisit("o");
    expect(await send(body, await prove(body))).toMatchObject({ status: 202, body: { duplicate: true } });
    expect(wanted()).toEqual([null]);
    const { body: listed } = await json("GET", "/api/v1/hooks");
    expect(listed.deliveries).toMatchObject([{ verdict: "repeat" }, { verdict: "accepted", why: "a deploy of shop" }]);
  });

  it.each(Object.entries(others))("is no other event: %s", async (_, other) => {
    const { send, wanted } = worldOf(from);
    const body = JSON.stringify(other);
    expect(await send(body, await prove(body))).toMatchObject({ status: 202, body: { ignored: 1 } });
    expect(wanted()).toEqual([null]);
  });

  it("is refused without its proof, and with another body's", async () => {
    const { send, wanted } = worldOf(from);
    const body = JSON.stringify(done);
    expect((await send(body, {})).status).toBe(401);
    // Cloudflare does not sign: the secret itself is the proof.
    if (from !== "cloudflare-pages") expect((await send(`${body} `, await prove(body))).status).toBe(401);
    expect(wanted()).toEqual([null]);
  });

  it("is a bad request where the body is none of the service's", async () => {
    const { send, wanted } = worldOf(from);
    const body = JSON.stringify(from === "github" ? { deployment_status: "success" } : { hello: "world" });
    expect((await send(body, await prove(body))).status).toBe(400);
    expect(wanted()).toEqual([null]);
  });
});

describe("a signature of Netlify's form", () => {
  const body = JSON.stringify(SENDERS.netlify.done);
  const unsigned = `${btoa('{"alg":"none"}')}.${btoa(JSON.stringify({ iss: "netlify", sha256: createHash("sha256").update(body).digest("hex") }))}.`;
  it.each([
    ["of another secret", () => jws(body, "another secret of somebody")],
    ["of another issuer", () => jws(body, SECRET, "somebody")],
    ["that signs nothing", () => unsigned.replaceAll("=", "")],
  ])("%s is refused", async (_, token) => {
    const { send } = worldOf("netlify");
    expect((await send(body, { "x-webhook-signature": await token() })).status).toBe(401);
  });
});

describe("checkConfig", () => {
  const faults = (hook: object, sites: object = SITES) =>
    checkConfig(
      defineConfig({ ...SITE, sites, hooks: { deploy: hook } } as unknown as Parameters<typeof defineConfig>[0]),
    );
  const mapper = { kind: "deploy", from: "github", sites: ["shop"] };

  it("demands the proof that the service sends", () => {
    expect(faults({ verifier: { kind: "bearer", secrets: ["S"] }, mapper })).toEqual([
      "hooks.deploy.verifier.kind: github proves its deliveries by hmac",
    ]);
  });

  it("names a site that is none", () => {
    const { verifier } = SENDERS.github;
    expect(faults({ verifier, mapper: { ...mapper, sites: ["shop", "blog"] } })).toEqual([
      'hooks.deploy.mapper.sites: there is no site "blog"; there are shop',
    ]);
  });

  it.each([
    ["http://shop.example.com/sitemap.xml", "use https"],
    ["https://10.0.0.1/sitemap.xml", "name a public host"],
    ["shop.example.com", "write a whole https address"],
  ])("refuses the sitemap %s", (sitemap, mend) => {
    const { verifier } = SENDERS.github;
    expect(faults({ verifier, mapper }, { shop: { sitemaps: [sitemap] } })).toEqual([
      expect.stringContaining(`sites.shop.sitemaps[0]: ${mend}`),
    ]);
  });
});
