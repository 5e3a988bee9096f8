import { describe, expect, it } from "vitest";
import { templatesOf } from "./templates.ts";

const some = (count: number, name: (at: number) => string) => Array.from({ length: count }, (_, at) => name(at));

describe("the templates of a site", () => {
  it("are told by its paths: the last part is a value", () => {
    const pages = [
      "https://e.example/",
      "https://e.example/about",
      "https://e.example/blog/a?page=2",
      "https://e.example/site.css",
    ];
    const found = templatesOf(pages);
    expect(pages.map((page) => found.get(page))).toEqual(["/", "/*", "/blog/*", "/*.css"]);
  });

  it("are the same for a built folder, whose index.html is the folder itself", () => {
    expect([...templatesOf(["index.html", "about/index.html", "blog/a.html", "blog/b/index.html"]).values()]).toEqual([
      "/",
      "/*",
      "/blog/*",
      "/blog/*",
    ]);
  });

  it("keep the folders at the top apart, however many they are", () => {
    const pages = some(30, (at) => `section-${at}/x.html`);
    expect([...templatesOf(pages).values()]).toEqual(some(30, (at) => `/section-${at}/*`));
  });

  it("take a folder for a value where more than eight stand beside each other, below the top", () => {
    const few = some(8, (at) => `shop/${at}/x.html`);
    const many = some(9, (at) => `users/${at}/photos/x.html`);
    const found = templatesOf([...few, ...many]);
    expect([found.get("shop/3/x.html"), found.get("users/3/photos/x.html")]).toEqual([
      "/shop/3/*",
      "/users/*/photos/*",
    ]);
  });

  it("read no more than twenty parts of a path, of which a hostile page's has thousands", () => {
    const deep = `https://e.example/${"a/".repeat(6_000)}`;
    expect(templatesOf([deep]).get(deep)).toBe(`${"/a".repeat(19)}/*`);
  });
});
