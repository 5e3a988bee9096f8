import localSearchIndex from "@localSearchIndex";
import MiniSearch from "minisearch";
import { defineComponent, h, onMounted, onUnmounted, ref } from "vue";

/*
 * Stands in for VitePress's search box, whose roles a screen reader cannot follow (a button around everything, links inside of options). It reads
 * the index that VitePress builds, which holds each section of each page.
 */

interface Section {
  title: string;
  titles: string[];
}

type Hit = Section & { id: string };

/** How the index was built: VitePress's own options. */
const FIELDS = { fields: ["title", "titles", "text"], storeFields: ["title", "titles"] };
const MOST = 12;

/** Pages about one decision or one past change come after the pages that lead to a goal. */
function boostDocument(id: string): number {
  return /\/(?:decisions|project)\//.test(id) ? 0.2 : 1;
}

const ASKED = { fuzzy: 0.2, prefix: true, boost: { title: 4, text: 2, titles: 1 }, boostDocument };

async function readIndex(): Promise<MiniSearch<Section>> {
  return MiniSearch.loadJSON<Section>((await localSearchIndex.root()).default, FIELDS);
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (/^(?:INPUT|SELECT|TEXTAREA)$/.test(target.tagName) || target.isContentEditable)
  );
}

/** Ctrl K, ⌘ K and / open the search, as on other sites. */
function useShortcut(open: () => void): void {
  const onKey = (event: KeyboardEvent) => {
    const isShortcut = event.key.toLowerCase() === "k" && (event.metaKey || event.ctrlKey);
    if (!isShortcut && (event.key !== "/" || isTyping(event.target))) return;
    event.preventDefault();
    open();
  };
  onMounted(() => addEventListener("keydown", onKey));
  onUnmounted(() => removeEventListener("keydown", onKey));
}

/** The arrows walk through input and links; Enter in the input opens the first link. */
function walk(event: KeyboardEvent): void {
  const dialog = event.currentTarget as HTMLDialogElement;
  const stops = [...dialog.querySelectorAll<HTMLElement>("input, a")];
  const at = stops.indexOf(event.target as HTMLElement);
  if (event.key === "Enter" && at === 0) stops[1]?.click();
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined) return;
  event.preventDefault();
  stops[at + step]?.focus();
}

/** What was asked, and the sections that were found for it. */
function useSearch() {
  const hits = ref<Hit[]>([]);
  const asked = ref("");
  let index: Promise<MiniSearch<Section>> | undefined;
  const load = () => {
    index ??= readIndex();
    return index;
  };
  const find = async (event: Event) => {
    const words = (event.target as HTMLInputElement).value;
    asked.value = words;
    const found = (await load()).search(words, ASKED).slice(0, MOST) as unknown as Hit[];
    if (asked.value === words) hits.value = found;
  };
  return { hits, asked, load, find };
}

export default defineComponent(() => {
  const dialog = ref<HTMLDialogElement | null>(null);
  const { hits, asked, load, find } = useSearch();
  const open = () => {
    if (dialog.value?.open === false) dialog.value.showModal();
    load();
  };
  useShortcut(open);
  const input = () =>
    h("input", { type: "search", "aria-label": "Search", autofocus: true, value: asked.value, onInput: find });
  const link = (hit: Hit) =>
    h("li", { key: hit.id }, [
      h("a", { href: hit.id, onClick: () => dialog.value?.close() }, [...hit.titles, hit.title].join(" › ")),
    ]);
  const list = () =>
    asked.value !== "" && hits.value.length === 0 ? h("p", "Nothing is found.") : h("ul", hits.value.map(link));
  return () =>
    h("div", { class: "search" }, [
      h("button", { type: "button", onClick: open }, ["Search", h("kbd", "Ctrl K")]),
      h("dialog", { ref: dialog, "aria-label": "Search", onKeydown: walk }, [
        input(),
        h("div", { "aria-live": "polite" }, [list()]),
      ]),
    ]);
});
