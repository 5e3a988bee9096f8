import type { Stats } from "@prewarm/control-schema/stats";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { ask, may, signOut } from "./api/session.ts";
import { useStats } from "./api/stats.tsx";
import { imagesIn, isLikeId } from "./lib/any-url.ts";
import { toggleDensity } from "./lib/density.ts";
import { LANES } from "./lib/job-filter.ts";
import { helpOpen, paletteOpen } from "./lib/keyboard.ts";
import { liveSwitch, setLive } from "./lib/live.ts";
import { NAV } from "./lib/nav.ts";
import { imageUrl } from "./lib/paths.ts";
import { navigate, place } from "./lib/router.ts";
import { nextTheme } from "./lib/theme.ts";
import { naming, views } from "./lib/views.ts";
import { notify } from "./ui/toast.tsx";

interface Choice {
  kind: string;
  text: string;
  /** Further words by which it is found. */
  words?: string;
  run(): unknown;
}

const SHOWN_MAX = 14;
const TYPING_MS = 150;

/** Anything by its name: pages, saved views, images, runs, jobs, and what can be done from anywhere. */
export function Palette() {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const stats = useStats();
  const found = useFound(text.trim());
  const dialog = useRef<HTMLDialogElement>(null);
  const list = useId();
  useEffect(() => dialog.current?.showModal(), []);
  const choices = [
    ...imageChoices(text.trim()),
    ...matching([...viewChoices(), ...pageChoices(), ...actChoices(stats.data.value, stats.refresh)], text),
    ...typedChoices(text.trim()),
    // Last, because they come late: what Enter takes must not change under the hand.
    ...found,
  ].slice(0, SHOWN_MAX);
  const chosen = Math.min(at, choices.length - 1);
  useEffect(() => document.getElementById(`${list}-${chosen}`)?.scrollIntoView({ block: "nearest" }), [chosen]);
  const take = (choice: Choice | undefined) => {
    if (choice === undefined) return;
    // The dialog's own word comes later, when the next one may be open.
    dialog.current?.close();
    paletteOpen.value = false;
    choice.run();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Enter") take(choices[chosen]);
    else if (step !== undefined) setAt((chosen + step + choices.length) % choices.length);
    else return;
    event.preventDefault();
  };
  return (
    <dialog
      ref={dialog}
      class="palette"
      aria-label="Go to, or do"
      onClose={() => {
        if (dialog.current !== null) paletteOpen.value = false;
      }}
    >
      <input
        type="text"
        role="combobox"
        aria-label="Page, view, image, run, job, or what to do"
        aria-expanded={choices.length > 0}
        aria-controls={list}
        aria-autocomplete="list"
        aria-activedescendant={choices.length > 0 ? `${list}-${chosen}` : undefined}
        placeholder="Page, view, image, run, job, or what to do"
        maxLength={500}
        spellcheck={false}
        autocomplete="off"
        value={text}
        onKeyDown={onKeyDown}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setAt(0);
        }}
      />
      <div role="listbox" id={list} aria-label="Choices">
        {choices.map((choice, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the input's, which keeps the focus
          <div
            key={`${choice.kind}${choice.text}`}
            role="option"
            id={`${list}-${index}`}
            tabIndex={-1}
            aria-selected={index === chosen}
            onClick={() => take(choice)}
          >
            <span class="grow clip">{choice.text}</span> <span class="muted small-text">{choice.kind}</span>
          </div>
        ))}
      </div>
    </dialog>
  );
}

/** Those that hold every word that was typed. */
function matching(choices: readonly Choice[], text: string): Choice[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return choices.filter((choice) => {
    const said = `${choice.text} ${choice.kind} ${choice.words ?? ""}`.toLowerCase();
    return words.every((word) => said.includes(word));
  });
}

const to = (kind: string, text: string, url: string): Choice => ({ kind, text, run: () => navigate(url) });

/** What is done on a page, for those who look for the act and not for the page. */
const WORDS: Record<string, string> = {
  Steering: "limit rate concurrency budget spend money purge audit log",
  Causes: "errors failed why",
  "Dead letters": "retry failed",
  Serving: "money cost views hit ratio",
  Images: "purge",
};

function viewChoices(): Choice[] {
  return views.value.map(({ name, url }) => to("view", name, url));
}

function pageChoices(): Choice[] {
  const pages = NAV.map(([url, name]) => ({ ...to("page", name, url), words: WORDS[name] ?? "" }));
  return may("warm") ? [...pages, { ...to("page", "New run", "/runs/new"), words: "warm upload" }] : pages;
}

/** What can be done from anywhere. What changes something tells its outcome. */
function actChoices(stats: Stats | null, refresh: () => Promise<void>): Choice[] {
  const act = (text: string, run: () => unknown, words = ""): Choice => ({ kind: "do", text, run, words });
  const patch = (body: Parameters<typeof ask<"PATCH /api/v1/gate">>[1]["body"], said: string) => () =>
    ask("PATCH /api/v1/gate", { body }).then(
      () => (notify(said), void refresh()),
      (error: unknown) => notify(error instanceof Error ? error.message : String(error), true),
    );
  const lanes = LANES.map((lane) =>
    stats?.gate.paused[lane]
      ? act(`Resume ${lane}`, patch({ paused: { [lane]: false } }, `${lane} runs again.`))
      : act(`Pause ${lane}`, patch({ paused: { [lane]: true } }, `${lane} is paused.`)),
  );
  const all = (on: boolean) => ({ paused: { live: on, upload: on, bulk: on } });
  const whole = LANES.every((lane) => stats?.gate.paused[lane])
    ? act("Resume all lanes", patch(all(false), "All lanes run again."), "start continue")
    : act("Pause all lanes", patch(all(true), "All lanes are paused."), "stop spending");
  const { undo = null } = stats?.gate ?? {};
  const undoing =
    undo === null ? [] : [act(`Undo the last change, by ${undo.who}`, patch({ undo: undo.at }, "Undone."), "back")];
  const reset = act("Reset the breaker", patch({ breaker: { state: "closed" } }, "The breaker is closed again."));
  return [
    act("Save this view…", () => {
      naming.value = place.value.pathname + place.value.search;
    }),
    ...(may("pause") ? [...lanes, whole, ...undoing] : []),
    ...(may("pause") && stats && stats.gate.breaker.state !== "closed" ? [reset] : []),
    act("Row height", toggleDensity, "dense roomy"),
    act("Theme: automatic, light, dark", nextTheme),
    act("Live updates on or off", () => setLive(!liveSwitch.value)),
    act("Keyboard help", () => {
      helpOpen.value = true;
    }),
    act("Sign out", () => void signOut()),
  ];
}

/** Images that the words name by their address, or may name by their id. */
function imageChoices(text: string): Choice[] {
  const named = imagesIn(text).map(({ id }) => id);
  const ids = named.length > 0 ? named : isLikeId(text) ? [text] : [];
  return [...new Set(ids)].slice(0, SHOWN_MAX).map((id) => to("image", id, imageUrl(id)));
}

/** What the words could be the name of, whether it is known or not. */
function typedChoices(text: string): Choice[] {
  if (text.length < 2) return [];
  return [
    ...(/^[0-9a-z_-]{11}$/i.test(text) ? [to("job", text, `/jobs/${text}`)] : []),
    ...(text.startsWith("run_") ? [to("run", text, `/runs/${encodeURIComponent(text)}`)] : []),
    to("search", `Jobs with “${text}”`, `/jobs?${new URLSearchParams({ search: text })}`),
    ...(imageChoices(text).length > 0 ? [] : [to("image", text, imageUrl(text))]),
  ];
}

/** Images and runs that the server knows by these words. */
function useFound(text: string): Choice[] {
  const [found, setFound] = useState<Choice[]>([]);
  useEffect(() => {
    if (text.length < 2) return setFound([]);
    const gone = new AbortController();
    const timer = setTimeout(() => {
      look(text, gone.signal).then(
        (choices) => gone.signal.aborted || setFound(choices),
        () => undefined, // what was typed can be gone to all the same
      );
    }, TYPING_MS);
    return () => {
      clearTimeout(timer);
      gone.abort();
    };
  }, [text]);
  return found;
}

async function look(text: string, signal: AbortSignal): Promise<Choice[]> {
  const [{ images }, { runs }] = await Promise.all([
    ask("GET /api/v1/images", { query: { search: text, limit: 5 }, signal }),
    ask("GET /api/v1/runs", { query: { limit: 50 }, signal }),
  ]);
  const named = runs.filter(({ label }) => label?.toLowerCase().includes(text.toLowerCase())).slice(0, 3);
  return [
    ...images.filter(({ id }) => id !== text).map(({ id }) => to("image", id, imageUrl(id))),
    ...named.map(({ run, label }) => to("run", label ?? run, `/runs/${encodeURIComponent(run)}`)),
  ];
}
