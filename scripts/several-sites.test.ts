import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import type { Config } from "../packages/shared/src/config.ts";
import { deployNames } from "../packages/shared/src/deploy.ts";
import { queueRole } from "../packages/shared/src/queue-role.ts";
import { resolveOriginal } from "../packages/shared/src/source.ts";
import { tempFolder } from "../test/temp-folder.ts";
import { judgeSite } from "./site-faults.ts";

/** The configuration of docs/several-sites.md, as a reader copies it, and what the page says of it. */

const page = readFileSync(join(import.meta.dirname, "../docs/several-sites.md"), "utf8");
let config: Config | null;

beforeAll(async () => {
  const [, block = ""] = /^ *```ts\n(.*?)^ *```/ms.exec(page) ?? [];
  const file = join(tempFolder("prewarm-sites-"), "prewarm.config.ts");
  writeFileSync(file, `import { defineConfig } from "@prewarm/shared/config";\n${block}`);
  const judged = await judgeSite(file);
  expect(judged.faults).toEqual([]);
  config = judged.config;
});

it("reads each site's originals from its own server, with the prefix in the path, and knows no other id", () => {
  const original = (id: string) => config && resolveOriginal(config, id);
  expect(original("shop/a.jpg")).toEqual({ kind: "url", url: "https://shop.example.com/media/shop/a.jpg" });
  expect(page).toContain("`https://shop.example.com/media/shop/a.jpg`");
  expect(original("blog/a.jpg")).toEqual({ kind: "url", url: "https://blog.example.com/img/blog/a.jpg" });
  expect(original("a.jpg")).toBeNull();
});

it("names what a site of another name has in the account", () => {
  const { edge, bucket, live } = deployNames("production", { name: "blog" });
  for (const name of [edge, bucket, live]) expect(page).toContain(`\`${name}\``);
  expect(queueRole(live)).toBe("live");
});
