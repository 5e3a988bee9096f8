import { afterEach, describe, expect, it, vi } from "vitest";
import { isWarm } from "./probe.ts";
import { handleImages, workboxPlugin } from "./service-worker.ts";

const URL_OF_IMAGE = "https://images.example.com/images/a?w=320&f=auto";
const variant = () => new Response("variant", { headers: { "cache-control": "public, max-age=31536000, immutable" } });
/** What a browser shows a script of a redirect. */
const redirect = () =>
  ({ status: 0, type: "opaqueredirect", redirected: false, headers: new Headers() }) as unknown as Response;

/** A browser of three parts: a cache, a network that answers in turn, and the log of what was asked. */
function world(answers: (() => Response)[]) {
  const kept = new Map<string, Response>();
  const asked: string[] = [];
  vi.stubGlobal("caches", {
    open: async () => ({
      match: async (url: string) => kept.get(url)?.clone(),
      put: async (url: string, response: Response) => void kept.set(url, response),
    }),
  });
  vi.stubGlobal("fetch", async (request: string | Request) => {
    asked.push(typeof request === "string" ? "as a script" : "as the page");
    return (answers.shift() ?? variant)();
  });
  const view = async () => {
    let answer: Promise<Response> | undefined;
    const event = {
      request: new Request(URL_OF_IMAGE),
      respondWith: (response: Promise<Response>) => {
        answer = response;
      },
      waitUntil: () => {},
    };
    handleImages({ baseUrl: "https://images.example.com" })(event);
    return (await answer)?.text();
  };
  return { kept, asked, view };
}

afterEach(() => vi.unstubAllGlobals());

describe("a worker that keeps images", () => {
  it("shows a cold image as the page asked for it, caches no answer, and caches the variant at the next view", async () => {
    const { kept, asked, view } = world([redirect, () => new Response("original")]);
    expect(await view()).toBe("original");
    expect(kept.size).toBe(0);
    expect(await view()).toBe("variant");
    expect(await view()).toBe("variant");
    expect(asked).toEqual(["as a script", "as the page", "as a script"]);
  });

  it("shows a stand-in without a second request, and does not cache it", async () => {
    const streamed = () => new Response("original", { headers: { "cache-control": "private, no-store" } });
    const { kept, asked, view } = world([streamed]);
    expect(await view()).toBe("original");
    expect([kept.size, asked]).toEqual([0, ["as a script"]]);
    const response = streamed();
    const request = new Request(URL_OF_IMAGE);
    expect(await workboxPlugin.fetchDidSucceed({ request, response })).toBe(response);
    expect(await workboxPlugin.cacheWillUpdate({ response })).toBeNull();
  });

  it("caches no stand-in and no refusal", async () => {
    const meantime = () => new Response("lqip", { headers: { "cache-control": "private, max-age=5" } });
    const { kept, view } = world([meantime, () => new Response("no", { status: 403 }), () => new Response("no")]);
    await view();
    await view();
    expect(kept.size).toBe(0);
  });

  it("does not answer other requests", () => {
    const event = { request: new Request("https://other.example/images/a"), respondWith: vi.fn(), waitUntil: vi.fn() };
    handleImages({ baseUrl: "https://images.example.com" })(event);
    expect(event.respondWith).not.toHaveBeenCalled();
  });
});

describe("isWarm", () => {
  it.each([
    ["a variant", variant, true],
    ["a redirect", redirect, false],
    ["a stand-in", () => new Response("small", { headers: { "cache-control": "private, max-age=5" } }), false],
    ["a refusal", () => new Response("no", { status: 403 }), false],
  ])("of %s", async (_, answer, expected) => {
    world([answer]);
    expect(await isWarm(URL_OF_IMAGE)).toBe(expected);
  });
});

describe("the Workbox plugin", () => {
  it("stops at a redirect, and caches variants only", async () => {
    world([() => new Response("original")]);
    const request = await workboxPlugin.requestWillFetch({ request: new Request(URL_OF_IMAGE) });
    expect([request.url, request.redirect]).toEqual([URL_OF_IMAGE, "manual"]);
    const shown = await workboxPlugin.fetchDidSucceed({ request, response: redirect() });
    expect(await shown.text()).toBe("original");
    expect(await workboxPlugin.cacheWillUpdate({ response: redirect() })).toBeNull();
    expect(await workboxPlugin.cacheWillUpdate({ response: variant() })).not.toBeNull();
  });
});
