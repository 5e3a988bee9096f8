import { defineConfig } from "@prewarm/shared/config";
import { describe, expect, it } from "vitest";
import { createWorld } from "../../test/testing/fake-world.ts";
import { reads } from "../../test/testing/text.ts";
import { EXIT } from "../platform/exit-codes.ts";
import { createNamer } from "./namer.ts";
import { readR2Prefix } from "./read-r2-prefix.ts";

const config = defineConfig({ sources: [{ prefix: "", bucket: "ORIGINALS", key: "originals/{id}" }] });
const env = { CLOUDFLARE_ACCOUNT_ID: "acc", CLOUDFLARE_API_TOKEN: "secret-token" };
const object = (key: string, contentType?: string) => ({
  key,
  etag: `e-${key}`,
  size: 1,
  ...(contentType === undefined ? {} : { http_metadata: { contentType } }),
});

function setup(pages: unknown[] | Response, variables: Record<string, string> = env) {
  const calls: { url: URL; headers: unknown }[] = [];
  const world = createWorld({
    env: variables,
    fetch: (url, { headers }) => {
      calls.push({ url: new URL(url), headers });
      return pages instanceof Response ? pages.clone() : Response.json(pages[calls.length - 1]);
    },
  });
  const listing = { bucket: "photos", prefix: "originals/", jurisdiction: "eu" };
  return { calls, read: () => reads(readR2Prefix(listing, createNamer(config, null), world.context)) };
}

describe("readR2Prefix", () => {
  it("reads all pages, images only, with their etags", async () => {
    const { calls, read } = setup([
      {
        success: true,
        result: [
          object("originals/a.jpg"),
          object("originals/b", "image/png"),
          object("originals/c.txt"),
          object("originals/d/"),
        ],
        result_info: { cursor: "next", is_truncated: true },
      },
      {
        success: true,
        result: [object("originals/e"), object("other/f.png")],
        result_info: { cursor: "", is_truncated: false },
      },
    ]);
    expect(await read()).toEqual([
      { id: "a.jpg", sourceEtag: "e-originals/a.jpg" },
      { id: "b", sourceEtag: "e-originals/b" },
      { id: "e", sourceEtag: "e-originals/e" },
      ["photos/other/f.png", "no configured source has this key"],
    ]);
    expect(calls.map(({ url }) => url.pathname + url.search)).toEqual([
      "/client/v4/accounts/acc/r2/buckets/photos/objects?per_page=1000&prefix=originals%2F",
      "/client/v4/accounts/acc/r2/buckets/photos/objects?per_page=1000&prefix=originals%2F&cursor=next",
    ]);
    expect(calls[0]?.headers).toEqual({ authorization: "Bearer secret-token", "cf-r2-jurisdiction": "eu" });
  });

  it.each([
    [403, EXIT.auth],
    [404, EXIT.usage],
    [400, EXIT.unreachable],
  ])("ends with the right code at %i, without saying the token", async (status, exitCode) => {
    const error = await setup(new Response("{}", { status }))
      .read()
      .catch((caught) => caught);
    expect(error).toMatchObject({ exitCode });
    expect(`${error.message}${error.hints}`).not.toContain("secret-token");
  });

  it("says which variables are missing, before it asks", async () => {
    const { calls, read } = setup([], {});
    await expect(read()).rejects.toThrow("CLOUDFLARE_ACCOUNT_ID and CLOUDFLARE_API_TOKEN");
    expect(calls).toEqual([]);
  });

  it("does not take another server's answer for an empty bucket", async () => {
    await expect(setup([{ objects: [] }]).read()).rejects.toThrow("result is no list");
  });
});
