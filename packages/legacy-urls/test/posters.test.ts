import { defineConfig } from "@prewarm/shared/config";
import { checkConfig } from "@prewarm/shared/config-check";
import { describe, expect, it } from "vitest";
import { posters } from "../src/posters.ts";

const service = posters({ times: [0, 4.5] });
const config = defineConfig({ sources: [], legacy: [service] });
const edge = { config, keys: [], clock: { now: () => 0 }, env: {} };

/** The path and query that the edge is asked for, or the status and the code of a refusal. */
async function asked(path: string, method = "GET"): Promise<string> {
  const next = async (request: Request) => new Response(request.url.replace("https://i.example", ""));
  const answer = await service.serve(new Request(`https://i.example${path}`, { method }), next, edge);
  if (answer.status === 200) return answer.text();
  const text = await answer.text();
  return `${answer.status} ${text === "" ? "" : JSON.parse(text).code}`.trim();
}

describe("a request for a poster", () => {
  it.each([
    ["/images/f/a.mp4?t=4.5&w=800&f=auto", "/images/f/a.mp4/t%3D4.5.mp4?w=800&f=auto"],
    ["/images/f/a.mp4?w=800&t=0", "/images/f/a.mp4/t%3D0.mp4?w=800"],
    ["/images/f/a.mp4?w=800", "/images/f/a.mp4/t%3D0.mp4?w=800"],
    ["/images/f/a%20b.MOV?t=0&s=x", "/images/f/a%20b.MOV/t%3D0.MOV?s=x"],
    ["/images/f/a.mp4/t=4.5.mp4?w=800", "/images/f/a.mp4/t%3D4.5.mp4?w=800"],
    ["/images/f/a.mp4/t%3D4.5.mp4?w=800", "/images/f/a.mp4/t%3D4.5.mp4?w=800"],
  ])("%s is one for %s", async (path, expected) => expect(await asked(path)).toBe(expected));

  it.each(["t=5", "t=4.50", "t=", "t=-1", "t=1e3", "t=4.5%20", "t=00"])("with %s is refused", async (query) =>
    expect(await asked(`/images/a.mp4?w=800&${query}`)).toBe("400 parameter_invalid"),
  );

  it("with a time twice, or an id of a time that is not listed, is refused", async () => {
    expect(await asked("/images/a.mp4?t=0&t=4.5")).toBe("400 parameter_repeated");
    expect(await asked("/images/a.mp4/t=0.mp4?t=0")).toBe("400 parameter_repeated");
    expect(await asked("/images/a.mp4/t=5.mp4?w=800")).toBe("400 parameter_invalid");
    expect(await asked("/images/a.mp4?t=5", "HEAD")).toBe("400");
  });

  it.each([
    "/images/a.jpg?t=5&w=800",
    "/images/%?t=0",
    "/originals/a.mp4?exp=1&s=x",
    "/info/a.mp4",
    "/videos/a.mp4?t=0",
  ])("is not %s", async (path) => expect(await asked(path)).toBe(path));
});

it.each([[[]], [[0, 0]], [[-1]], [[0.0005]], [[1e6]], [Array.from({ length: 11 }, (_, n) => n)]])(
  "refuses the times %j",
  (times) => expect(() => posters({ times })).toThrow("posters: write one to ten different times"),
);

it("needs films among what browsers do not show, so that a miss leads to none", () => {
  const faults = (more: object): string[] =>
    checkConfig(
      defineConfig({ sources: [{ prefix: "", url: "https://cdn.example.com/{id}" }], legacy: [service], ...more }),
    );
  expect(faults({})).toEqual([
    "unshowable: posters need mp4, m4v, mov, webm in it, so that no viewer is sent to a film",
  ]);
  expect(faults({ unshowable: ["heic", "mp4", "m4v", "mov", "webm"] })).toEqual([]);
});
