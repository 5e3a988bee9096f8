import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { tick, tickBoth } from "../src/charts/series.ts";
import { imagesIn } from "../src/lib/any-url.ts";
import { shellQuote } from "../src/lib/curl.ts";
import { imageUrl, match } from "../src/lib/paths.ts";
import { read } from "../src/lib/views.ts";
import { readImages, toRequest, typeOfFile, type WarmInput } from "../src/lib/warm-input.ts";
import { createSelection } from "../src/ui/selection.ts";

describe("addresses of images in a text", () => {
  const HERE = "https://img.example/images";
  it.each([
    ["an address", `${HERE}/a/b.jpg?w=800&f=webp`, ["a/b.jpg"]],
    ["another place of the edge", "http://localhost:8787/cdn/images/a.jpg", ["a.jpg"]],
    ["a srcset", `${HERE}/a.jpg?w=320 320w, ${HERE}/a.jpg?w=640 640w, ${HERE}/b.jpg 2x`, ["a.jpg", "b.jpg"]],
    [
      "HTML",
      `<img src="${HERE}/a.jpg?w=320&amp;v=2" srcset='${HERE}/%C3%A9.jpg 1x'> url(${HERE}/c.jpg)`,
      ["a.jpg", "é.jpg", "c.jpg"],
    ],
    ["other addresses", "https://shop.example/spring https://img.example/images/ https://img.example/images/../x", []],
    ["a page on the edge's own host", `<img src="/images/a.jpg?w=1"> url(/images/b.jpg)`, ["a.jpg", "b.jpg"]],
    ["words", "images/a.jpg and shop/images/b.jpg", []],
  ])("are found in %s", (_, text, ids) => expect(imagesIn(text).map(({ id }) => id)).toEqual(ids));
  it("tell the version", () => expect(imagesIn(`${HERE}/a.jpg?w=320&amp;v=2`)).toEqual([{ id: "a.jpg", v: "2" }]));
});

describe("a chart's time", () => {
  it("is labelled in the reader's time with UTC beside it, and a day as the day in UTC that it is", () => {
    const at = Date.UTC(2026, 10, 24, 5, 9);
    expect([tick(at, 60_000, "Asia/Kolkata"), tick(at, 60_000, "UTC"), tick(at, 86_400_000)]).toEqual([
      ...["10:39", "05:09", "24 Nov"],
    ]);
    const local = new Date(at).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
    expect(tickBoth(at, 60_000)).toBe(local === "05:09" ? "05:09 UTC" : `${local} (05:09 UTC)`);
  });
});

it("quotes for a shell so that the shell gives the text back", () => {
  const text = `it's $HOME "and" \`date\` \\ !`;
  expect(execFileSync("sh", ["-c", `printf %s ${shellQuote(text)}`]).toString()).toBe(text);
});

describe("createSelection", () => {
  it("selects a range with Shift, in either direction", () => {
    const selection = createSelection();
    selection.click("d", ["a", "b", "c", "d", "e"], false);
    selection.click("b", ["a", "b", "c", "d", "e"], true);
    expect([...selection.ids.value].sort()).toEqual(["b", "c", "d"]);
  });
  it("knows what can be done with what is ticked, and does not guess of what it has not seen", () => {
    const selection = createSelection(["a"]);
    selection.see([{ job: "a", state: "stored" }]);
    expect([selection.anyIn(["dead"]), selection.anyIn(["stored"])]).toEqual([false, true]);
    selection.click("elsewhere", ["a"], false);
    expect(selection.anyIn(["dead"])).toBe(true);
  });
  it("keeps what was selected on another page", () => {
    const selection = createSelection();
    selection.click("a", ["a", "b"], false);
    selection.click("y", ["x", "y"], true);
    expect([...selection.ids.value]).toEqual(["a", "y"]);
  });
});

describe("the address of an image's page", () => {
  it.each(["a", "albums/été 2026/plage.webp", "100%/x", "a%2Fb/c", "q?x=1#y/z", "a:b@c"])(
    "%j is read back from what a browser and an asset server make of it",
    (id) => {
      const path = imageUrl(id);
      expect(match("/images/{id...}", new URL(path, "https://x").pathname)).toEqual({ id });
      // Cloudflare's asset server decodes each segment and encodes it again.
      const again = path.split("/").map(decodeURIComponent).map(encodeURIComponent).join("/");
      expect(match("/images/{id...}", again)).toEqual({ id });
    },
  );
  it("is none without an id, or with half an escape", () => {
    expect([match("/images/{id...}", "/images/"), match("/images/{id...}", "/images/%E0%A4")]).toEqual([null, null]);
  });
});

describe("a warm request", () => {
  const input: WarmInput = {
    ids: " a \n\nb\na",
    file: null,
    recipe: "upload",
    transforms: "",
    label: "",
    force: false,
    onlyMissing: true,
  };
  it("takes each pasted id once", () =>
    expect(readImages("a\r\n b \n\na\n")).toEqual([
      { id: "a", v: null },
      { id: "b", v: null },
    ]));
  it("takes addresses of images for their ids and versions", () =>
    expect(
      toRequest({
        ...input,
        ids: "shop/plain id\nhttps://img.example/images/a%20b/c.jpg?w=800&v=7\nhttps://x.example/",
      }),
    ).toMatchObject({
      body: { items: [{ id: "shop/plain id" }, { id: "a b/c.jpg", v: "7" }] },
    }));
  it("is none without an image", () => expect(toRequest({ ...input, ids: " \n" })).toBeNull());
  it("prefers transforms to the recipe", () => {
    expect(toRequest({ ...input, transforms: "w=800 p=card" })?.body).toEqual({
      items: [
        { id: "a", transforms: ["w=800", "p=card"] },
        { id: "b", transforms: ["w=800", "p=card"] },
      ],
      force: false,
      onlyMissing: true,
    });
  });
  it("sends a file as it is and says the rest in the query", () => {
    const file = new File(["a\n"], "ids.txt");
    const request = toRequest({ ...input, file, label: "x", force: true, onlyMissing: false });
    expect(request).toEqual({
      body: { contentType: "application/x-ndjson", data: file },
      query: { label: "x", force: "1", recipe: "upload" },
    });
  });
  it.each([
    ["a.CSV", "text/csv"],
    ["a.json", "application/json"],
    ["a.txt", "application/x-ndjson"],
  ])("reads %s as %s", (name, type) => expect(typeOfFile(name)).toBe(type));
});

describe("a saved view", () => {
  it("is an address of this site with a name; what else lies there is left out", () => {
    const kept = [
      { name: "a", url: "/jobs?state=dead" },
      { name: "b", url: "//evil.example" },
      { name: 1, url: "/" },
      null,
    ];
    expect(read(JSON.stringify(kept))).toEqual([{ name: "a", url: "/jobs?state=dead" }]);
    expect([read("{"), read('{"a":1}'), read(null)]).toEqual([[], [], []]);
  });
});
