import { AS_IMAGE } from "../../packages/client/src/probe.ts";
import { make, type Site } from "./site.ts";

/* An id and options become a URL, its markup, what the edge answers, and why it refuses. */

type Words = Readonly<Record<string, string>>;

export function startForm(form: HTMLFormElement, answer: HTMLElement, site: Site): void {
  const { config, ids } = site;
  const formats = config.pages?.formats ?? config.formats ?? [];
  addOptions(form, "ratio", config.ratios ?? []);
  addOptions(form, "quality", config.pages?.qualities ?? []);
  addOptions(form, "format", formats);
  addOptions(form, "preset", Object.keys(config.presets ?? {}));
  document.getElementById("ids")?.append(...ids.map((id) => make("option", id, { value: id })));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const words = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, `${value}`.trim()]));
    answer.replaceChildren(...(await answerTo(words, site)));
  });
}

function addOptions(form: HTMLFormElement, name: string, values: readonly string[]): void {
  const select = form.elements.namedItem(name) as HTMLSelectElement;
  select.append(...values.map((value) => make("option", value, { value })));
}

async function answerTo(words: Words, site: Site): Promise<HTMLElement[]> {
  const written = write(words, site);
  if (written instanceof Error) return part("Refused by the client", written.message, "refusal");
  const { url, markup } = written;
  const link = make("a", url, { href: url });
  const heading = make("h3", "URL");
  const looked = await fetch(url, { ...AS_IMAGE, method: "HEAD", cache: "no-store" }).catch(() => null);
  return [
    heading,
    link,
    ...(markup === null ? [] : part("Markup", markup)),
    ...(await said(url, looked)),
    ...part(
      "The same in a terminal",
      `curl -sI -H 'accept: ${AS_IMAGE.headers.accept}' '${url.replaceAll("'", "%27")}'`,
    ),
  ];
}

/** The URL and the markup; or what the client says of the words. */
function write({ id = "", query = "", ...words }: Words, { prewarm, edgeUrl }: Site) {
  try {
    const { width, ratio, quality, format, preset } = Object.fromEntries(
      Object.entries(words).filter(([, value]) => value !== ""),
    );
    const parts = { width: Number(width ?? 0), ratio, quality, format } as Parameters<typeof prewarm.imageUrl>[1];
    const plain = prewarm.imageUrl(id, preset === undefined ? parts : ({ preset } as never));
    if (query !== "") return { url: `${plain.split("?")[0]}?${query}`, markup: null };
    const box = { width: Number(width ?? 640), ...(ratio === undefined ? { height: 480 } : { ratio }) };
    const markup = prewarm.img(id, { ...(preset === undefined ? box : { preset }), alt: "" } as never);
    return { url: new URL(plain, edgeUrl).href, markup };
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

async function said(url: string, looked: Response | null): Promise<HTMLElement[]> {
  if (looked === null) return part("Answer", "none: the edge cannot be reached", "refusal");
  if (looked.type === "opaqueredirect")
    return part("Answer", "302 to the original: the variant is not stored. A browser hides the other headers.");
  const headers = [...looked.headers].map(([name, value]) => `${name}: ${value}`);
  const lines = [`HTTP ${looked.status}`, ...headers].join("\n");
  if (looked.status < 400) return part("Answer", lines);
  // Of a refused URL a GET orders nothing; its body says why.
  const problem: Words = await (await fetch(url, AS_IMAGE)).json().catch(() => ({}));
  const why = ["code", "title", "parameter", "allowed", "nearest", "ratios"].flatMap((name) =>
    problem[name] === undefined ? [] : [`${name}: ${[problem[name]].flat().join(", ")}`],
  );
  return [...part("Refused", why.join("\n"), "refusal"), ...part("Answer", lines)];
}

function part(title: string, text: string, kind = ""): HTMLElement[] {
  return [make("h3", title), make("pre", text, { class: kind, tabindex: "0" })];
}
