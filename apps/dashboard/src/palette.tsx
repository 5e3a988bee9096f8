import { useEffect, useId, useRef, useState } from "preact/hooks";
import { ask, may } from "./api/session.ts";
import { useStats } from "./api/stats.tsx";
import { askedIn, imagesIn, isElsewhere, isLikeId, searchPlace } from "./lib/any-url.ts";
import { plural } from "./lib/format.ts";
import { paletteOpen } from "./lib/keyboard.ts";
import { PLACES } from "./lib/nav.ts";
import { imageUrl } from "./lib/paths.ts";
import { navigate } from "./lib/router.ts";
import { views } from "./lib/views.ts";
import { actChoices, argumentChoices, type Choice } from "./palette-acts.ts";

const SHOWN_MAX = 14;
const TYPING_MS = 150;

/** Anything by its name: pages, saved views, images, runs, jobs, and what can be done from anywhere. */
export function Palette() {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const [asked, setAsked] = useState<string | null>(null);
  const stats = useStats();
  const found = useFound(text.trim());
  const dialog = useRef<HTMLDialogElement>(null);
  const list = useId();
  useEffect(() => dialog.current?.showModal(), []);
  const choices = choicesOf(text.trim(), stats, found);
  const chosen = Math.min(at, choices.length - 1);
  useEffect(() => document.getElementById(`${list}-${chosen}`)?.scrollIntoView({ block: "nearest" }), [chosen]);
  const take = (choice: Choice | undefined) => {
    if (choice === undefined) return;
    if (choice.asks && asked !== choice.text) return setAsked(choice.text);
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
      <Field
        text={text}
        list={list}
        chosen={choices.length > 0 ? chosen : null}
        type={(typed) => {
          setText(typed);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
      />
      <List id={list} choices={choices} chosen={chosen} asked={asked} take={take} />
    </dialog>
  );
}

interface FieldProps {
  text: string;
  /** Id of the list of choices. */
  list: string;
  /** Index of the one that Enter takes; null: there is none. */
  chosen: number | null;
  type(text: string): void;
  onKeyDown(event: KeyboardEvent): void;
}

function Field({ text, list, chosen, type, onKeyDown }: FieldProps) {
  return (
    <input
      type="text"
      role="combobox"
      aria-label="Page, view, image, run, job, or what to do"
      aria-expanded={chosen !== null}
      aria-controls={list}
      aria-autocomplete="list"
      aria-activedescendant={chosen === null ? undefined : `${list}-${chosen}`}
      placeholder="Page, view, image, run, job, or what to do"
      maxLength={100_000}
      spellcheck={false}
      autocomplete="off"
      value={text}
      onKeyDown={onKeyDown}
      onPaste={(event) => {
        // A field of one line joins pasted lines, and with them their addresses.
        const pasted = event.clipboardData?.getData("text") ?? "";
        if (!/\n/.test(pasted)) return;
        event.preventDefault();
        type(pasted.replace(/\s+/g, " "));
      }}
      onInput={(event) => type(event.currentTarget.value)}
    />
  );
}

interface ListProps {
  id: string;
  choices: readonly Choice[];
  /** Index of the one that Enter takes. */
  chosen: number;
  /** The text of the choice that was asked about. */
  asked: string | null;
  take(choice: Choice): void;
}

function List({ id, choices, chosen, asked, take }: ListProps) {
  return (
    <div role="listbox" id={id} aria-label="Choices">
      {choices.map((choice, index) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the input's, which keeps the focus
        <div
          key={`${choice.kind}${choice.text}`}
          role="option"
          class="row"
          id={`${id}-${index}`}
          tabIndex={-1}
          aria-selected={index === chosen}
          onClick={() => take(choice)}
        >
          <span class="grow clip">
            {choice.text} {choice.does && <span class="muted small-text">{choice.does}</span>}
          </span>{" "}
          {choice.text === asked && <b role="status">Enter again to do it</b>}{" "}
          <span class="muted small-text">{choice.kind}</span>
        </div>
      ))}
    </div>
  );
}

/** What the words could mean, the likeliest first. */
function choicesOf(text: string, stats: ReturnType<typeof useStats>, found: readonly Choice[]): Choice[] {
  return [
    ...argumentChoices(text, stats.data.value, stats.refresh),
    ...urlChoices(text),
    ...matching([...viewChoices(), ...pageChoices(), ...actChoices(stats.data.value, stats.refresh)], text),
    ...typedChoices(text),
    // Last, because they come late: what Enter takes must not change under the hand.
    ...found,
  ].slice(0, SHOWN_MAX);
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

/** Further words by which a page is found. */
const WORDS: Record<string, string> = {
  Steering: "audit log",
  Causes: "errors failed why",
  Images: "check urls viewers get why cold address srcset html sitemap",
  Usage: "serving views hit ratio",
  Costs: "money spending",
  Sites: "coverage warm pages",
};

function viewChoices(): Choice[] {
  return views.value.map(({ name, url }) => to("view", name, url));
}

function pageChoices(): Choice[] {
  const pages = PLACES.map(([url, name]) => ({ ...to("page", name, url), words: WORDS[name] ?? "" }));
  return may("warm") ? [...pages, { ...to("page", "New run", "/runs/new"), words: "warm images upload" }] : pages;
}

/** The image of an address before what its viewers get; of several addresses, as of a page, what their viewers get goes first. */
function urlChoices(text: string): Choice[] {
  const [images, check] = [imageChoices(text), checkChoices(text)];
  return askedIn(text).length > 1 ? [...check, ...images] : [...images, ...check];
}

/** Images that the words name by their address, or may name by their id. */
function imageChoices(text: string): Choice[] {
  const named = imagesIn(text).map(({ id }) => id);
  const ids = named.length > 0 ? named : isLikeId(text) ? [text] : [];
  return [...new Set(ids)].slice(0, SHOWN_MAX).map((id) => to("image", id, imageUrl(id)));
}

/** What viewers of pasted addresses get; an address of another site leads to the same page, which says what to do. */
function checkChoices(text: string): Choice[] {
  const number = askedIn(text).length;
  if (number === 0 && !isElsewhere(text)) return [];
  const words = number === 0 ? "Check this URL" : `What viewers get now of ${plural(number, "URL")}`;
  return [{ kind: "check", text: words, run: () => openCheck(text) }];
}

function openCheck(text: string): void {
  const [url, state] = searchPlace(text);
  navigate(url, state ? { state } : {});
}

/** What the words could be the name of, whether it is known or not. */
function typedChoices(text: string): Choice[] {
  if (text.length < 2) return [];
  return [
    ...(/^[0-9a-z_-]{11}$/i.test(text) ? [to("job", text, `/jobs/${text}`)] : []),
    ...(text.startsWith("run_") ? [to("run", text, `/runs/${encodeURIComponent(text)}`)] : []),
    ...(askedIn(text).length > 0 || isElsewhere(text) ? [] : plainChoices(text)),
  ];
}

function plainChoices(text: string): Choice[] {
  return [
    to("search", `Jobs with “${text}”`, `/jobs?${new URLSearchParams({ search: text })}`),
    ...(isLikeId(text) ? [] : [to("image", text, imageUrl(text))]),
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
