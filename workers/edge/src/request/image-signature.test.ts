import { sign } from "@prewarm/shared/signature";
import { describe, expect, it } from "vitest";
import { NOW, type Options, setup, type World } from "../testing/setup.ts";

// One signature for an image (`sc=image`): what it opens, and what it does not.
const NOW_SECONDS = NOW / 1000;

function world(config: Options["config"] = {}): World {
  return setup({ keys: ["key"], config: { access: "private", ...config } });
}

/** The query that an image's signature adds to its URLs. */
async function scoped(here: World, more = "", id = "photo"): Promise<string> {
  const query = ["sc=image", more].filter(Boolean).join("&");
  return `${query}&s=${await sign(`/images/${id}`, query, "key", here.config)}`;
}

async function statusOf(here: World, query: string, id = "photo"): Promise<number> {
  return (await here.get(`/images/${id}?${query}`)).status;
}

describe("the signature of an image", () => {
  it.each([
    "w=320",
    "w=1920&f=auto",
    "w=790",
    "w=400&dpr=2",
    "w=800&h=600",
    "q=low",
    "f=jpeg",
    "p=card",
    "w=5&utm_source=x",
  ])("opens ?%s, as every URL of the open set, where all URLs are signed", async (query) => {
    const here = world();
    expect(await statusOf(here, query)).toBe(403);
    expect(await statusOf(here, `${query}&${await scoped(here)}`)).toBe(302);
  });

  it("opens what is passed through", async () => {
    const here = world();
    expect(await statusOf(here, await scoped(here, "", "logo.svg"), "logo.svg")).toBe(302);
  });

  it.each(["w=300&h=210", "h=200", "w=800&h=600&fit=fill", "w=400&h=400&pos=top", "w=800&h=600&q=low"])(
    "does not open ?%s, which is outside the open set",
    async (query) => {
      for (const access of ["private", "open"] as const) {
        const here = world({ access });
        expect(await statusOf(here, `${query}&${await scoped(here)}`)).toBe(403);
        const s = await sign("/images/photo", query, "key", here.config);
        expect(await statusOf(here, `${query}&s=${s}`)).toBe(302);
      }
    },
  );

  it("does not open a private original beyond what everybody may ask for", async () => {
    const sources = [{ prefix: "", bucket: "ORIGINALS", key: "up/{id}", maxUnsignedPx: 828 }] as const;
    for (const access of ["private", "open"] as const) {
      const here = world({ access, sources });
      const open = await scoped(here);
      expect([await statusOf(here, `w=828&${open}`), await statusOf(here, `w=829&${open}`)]).not.toContain(200);
      expect(await statusOf(here, `w=829&${open}`)).toBe(403);
      expect(await statusOf(here, `f=webp&${open}`)).toBe(403);
      expect(await statusOf(here, `w=828&${open}`)).not.toBe(403);
    }
  });

  it("is of one id", async () => {
    const here = world();
    const open = await scoped(here);
    for (const id of ["photo2", "photo/a", "a/photo", "Photo"])
      expect(await statusOf(here, `w=320&${open}`, id)).toBe(403);
  });

  it("ends at its exp, which nobody can move or take away", async () => {
    const here = world();
    const open = await scoped(here, `exp=${NOW_SECONDS + 60}`);
    expect(await statusOf(here, `w=320&${open}`)).toBe(302);
    expect(await statusOf(here, `w=320&${open.replace(/exp=\d+/, `exp=${NOW_SECONDS + 61}`)}`)).toBe(403);
    expect(await statusOf(here, `w=320&${open.replace(/exp=\d+&/, "")}`)).toBe(403);
    expect(await statusOf(here, `w=320&exp=${NOW_SECONDS + 60}&${await scoped(here)}`)).toBe(403);
    here.advance(60_000);
    expect(await statusOf(here, `w=320&${open}`)).toBe(403);
  });

  it("names its version, so that nobody can make one up", async () => {
    for (const access of ["open", "signed"] as const) {
      const here = world({ access });
      const open = await scoped(here, "v=3");
      expect(await statusOf(here, `w=320&${open}`)).toBe(302);
      expect(await statusOf(here, `w=320&${open.replace("v=3", "v=4")}`)).toBe(403);
      expect(await statusOf(here, `w=320&v=3&${await scoped(here)}`)).toBe(403);
      expect(await statusOf(here, `w=320&${open.replace("v=3&", "")}`)).toBe(403);
    }
  });

  it.each([
    ["without sc", (open: string) => open.replace("sc=image&", ""), 403],
    ["with another sc", (open: string) => open.replace("sc=image", "sc=all"), 400],
    ["with sc in another spelling", (open: string) => open.replace("sc=image", "sc=Image"), 400],
    ["with an empty sc", (open: string) => open.replace("sc=image", "sc="), 400],
    ["with sc twice", (open: string) => `sc=image&${open}`, 400],
    ["without s", (open: string) => open.replace(/&s=.*/, ""), 403],
    ["with s twice", (open: string) => `${open}&s=${open.slice(-43)}`, 400],
  ])("is worth nothing %s", async (_, change, status) => {
    for (const access of ["private", "open"] as const) {
      const here = world({ access });
      expect(await statusOf(here, `w=320&${change(await scoped(here))}`)).toBe(status);
    }
  });

  it.each(["w=320", "", "w=300&h=210", "v=3", `exp=${NOW_SECONDS + 60}`])(
    "is none that was made for the URL ?%s alone",
    async (query) => {
      const here = world();
      const s = await sign("/images/photo", query, "key", here.config);
      expect(await statusOf(here, [query, `s=${s}`].filter(Boolean).join("&"))).toBe(302);
      expect(await statusOf(here, [query, `sc=image&s=${s}`].filter(Boolean).join("&"))).toBe(403);
    },
  );

  it("does not open the original, or what is known of the image", async () => {
    const sources = [{ prefix: "", bucket: "ORIGINALS", key: "up/{id}" }] as const;
    const here = world({ sources });
    const open = await scoped(here, `exp=${NOW_SECONDS + 60}`);
    expect((await here.get(`/originals/photo?${open}`)).status).toBe(403);
    expect((await here.get(`/info/photo?${open}`)).status).toBe(400);
  });

  it("is judged where no signature is needed", async () => {
    expect(await statusOf(world({ access: "open" }), `w=320&sc=image&s=${"A".repeat(43)}`)).toBe(403);
  });

  it("tells the queue that the site has named the image", async () => {
    const here = world();
    await here.get(`/images/photo?w=800&${await scoped(here)}`);
    expect(here.sent).toMatchObject([{ keys: ["photo/800-high.webp"], signed: true }]);
  });
});
