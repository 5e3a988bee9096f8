import { defineConfig, type UserConfig } from "@prewarm/shared/config";
import { verify } from "@prewarm/shared/signature";
import { expect, it } from "vitest";
import { tempFolder } from "../test/temp-folder.ts";
import { readyLines } from "./announce.ts";
import { localSecrets } from "./settings.ts";

const NATIVE = { kind: "native" } as const;
const UPLOADS = { verifier: { kind: "standard-webhooks", secrets: ["HOOK_SECRET"] }, mapper: NATIVE } as const;

/** What the start of a site with these settings says. */
async function start(site: Partial<UserConfig>, env: Record<string, string> = {}) {
  const config = defineConfig({ sources: [{ prefix: "", url: "https://cdn.example.com/{id}" }], ...site });
  const stateDir = tempFolder("prewarm-announce-");
  const secrets = localSecrets({ config, faults: [] }, env, stateDir);
  const stack = {
    edgeUrl: "http://localhost:8787",
    controlUrl: "http://localhost:8788",
    originalsUrl: "http://localhost:8791/{id}",
    samples: ["a%20b.jpg?w=800"],
  };
  const settings = { adminToken: "token", originalsDir: null, stateDir };
  return { said: (await readyLines({ stack, settings, config, secrets }, 1)).join("\n"), config, secrets };
}

it("names each hook of the configuration with its secret, and none where there is no hook", async () => {
  expect((await start({})).said).not.toMatch(/hook/i);
  const cms = { verifier: { kind: "bearer", secrets: ["CMS_TOKEN"] }, mapper: NATIVE } as const;
  const { said, secrets } = await start({ hooks: { uploads: UPLOADS, cms } }, { CMS_TOKEN: "from-elsewhere" });
  expect(said).toContain(
    `Hook secret  ${secrets.HOOK_SECRET?.value}   (HOOK_SECRET, POST http://localhost:8788/hooks/uploads)`,
  );
  expect(said).toContain(
    "Hook secret  CMS_TOKEN of the environment   (CMS_TOKEN, POST http://localhost:8788/hooks/cms)",
  );
  expect(said).not.toContain("from-elsewhere");
});

it("shows the secret that a receiver of events needs", async () => {
  const { said, secrets } = await start({ events: [{ url: "https://example.com/in", secrets: ["EVENTS_SECRET"] }] });
  expect(said).toContain(`Events       ${secrets.EVENTS_SECRET?.value}   (EVENTS_SECRET of your receiver)`);
});

it('of a site with access: "private" prints URLs that the edge takes, the key, and that nothing is open', async () => {
  const { said, config, secrets } = await start({ access: "private" });
  const key = secrets.SIGNING_KEYS?.value ?? "";
  const [, path = "", query = ""] = /localhost:8787(\/images\/\S+)\?(\S+)/.exec(said) ?? [];
  expect(await verify(path, query, [key], config, 0)).toBe("ok");
  expect(said).toContain(`Signing key  ${key} `);
  expect(said).toContain('Every image URL needs a signature (access: "private").');
  expect(said).not.toMatch(/variants that need no signature/);
  const open = (await start({})).said;
  expect(open).toMatch(/images\/a%20b\.jpg\?w=800$/m);
  expect(open).not.toContain("Signing key");
  expect(open).toMatch(/One image can have \d{3} variants that need no signature/);
});
