import { useEffect, useMemo, useState } from "preact/hooks";
import { type Answered, askViewers, itemsOf } from "../api/ask-viewers.ts";
import { order } from "../api/order.ts";
import { may } from "../api/session.ts";
import type { Asked } from "../lib/any-url.ts";
import { count, plural } from "../lib/format.ts";
import { imageUrl } from "../lib/paths.ts";
import { ActButton } from "../ui/act-button.tsx";
import { Card } from "../ui/card.tsx";
import { Thumb } from "../ui/thumb.tsx";

/** Addresses that are looked at without being asked to go on. */
const SHOWN = 60;
const PILLS = { variant: "pill good", other: "pill warn", original: "pill warn", nothing: "pill bad" } as const;

/** What a viewer gets right now of each picture, why, and the order to make what is missing. */
export function Pictures({ all }: { all: readonly Asked[] }) {
  const [shown, setShown] = useState(SHOWN);
  const [round, setRound] = useState(0);
  const some = useMemo(() => all.slice(0, shown), [all, shown]);
  const answers = useAnswers(some, round);
  const cold = some.filter((one) => isCold(answers.get(one)));
  const wait = some.length - answers.size;
  const good = some.filter((one) => isGood(answers.get(one))).length;
  return (
    <Card
      title="What viewers get now"
      beside={
        <button type="button" class="small" disabled={wait > 0} onClick={() => setRound(round + 1)}>
          Check again
        </button>
      }
    >
      <p role="status" class="muted">
        {wait > 0
          ? `Checking ${plural(wait, "URL")}…`
          : `${good === some.length ? "Safe to publish" : "Not safe to publish yet"}: ${count(good)} of ${plural(some.length, "URL")} ${good === 1 ? "shows its variant" : "show their variants"} now.`}
      </p>
      <ul class="gets lined">
        {some.map((one) => (
          <Row key={`${one.v} ${one.id} ${one.query}`} asked={one} gets={answers.get(one)} />
        ))}
      </ul>
      {all.length > shown && (
        <button type="button" onClick={() => setShown(shown + SHOWN)}>
          Show more of {plural(all.length, "URL")}
        </button>
      )}
      {may("warm") && cold.length > 0 && wait === 0 && (
        <ActButton class="primary" act={() => order(itemsOf(cold), { label: "warmed by their URLs", opens: true })}>
          Warm these {count(cold.length)}
        </ActButton>
      )}
    </Card>
  );
}

function isGood(gets: Answered["gets"] | undefined): boolean {
  return gets !== undefined && !(gets instanceof Error) && gets.what === "variant";
}

/** A refused address stays refused, and one that waits needs no second order. */
function isCold(gets: Answered["gets"] | undefined): boolean {
  return gets !== undefined && !(gets instanceof Error) && (gets.what === "other" || gets.what === "original");
}

/** Another list, or another round, asks again; the older answers go at once. */
function useAnswers(some: readonly Asked[], round: number): ReadonlyMap<Asked, Answered["gets"]> {
  const [answers, setAnswers] = useState<ReadonlyMap<Asked, Answered["gets"]>>(new Map());
  useEffect(() => {
    const stop = new AbortController();
    const found = new Map<Asked, Answered["gets"]>();
    setAnswers(found);
    void askViewers(some, stop.signal, ({ asked, gets }) => {
      found.set(asked, gets);
      setAnswers(new Map(found));
    });
    return () => stop.abort();
  }, [some, round]);
  return answers;
}

function Row({ asked, gets }: { asked: Asked; gets: Answered["gets"] | undefined }) {
  const isKnown = gets !== undefined && !(gets instanceof Error);
  return (
    <li class="row" data-row={asked.id}>
      <Thumb id={asked.id} />
      <div class="grow">
        <p class="break">
          <a href={imageUrl(asked.id)}>{asked.id}</a>{" "}
          <span class="mono muted small-text">
            {[asked.query, asked.v && `v=${asked.v}`].filter(Boolean).join("&")}
          </span>
        </p>
        {gets instanceof Error && <p class="row-error small-text break">{gets.message}</p>}
        {isKnown && gets.why !== "" && (
          <p class="muted small-text break">
            {gets.why} {gets.job !== null && <a href={`/jobs/${gets.job}`}>Job</a>}
          </p>
        )}
      </div>
      {isKnown ? (
        <span class={PILLS[gets.what]}>{gets.words}</span>
      ) : (
        gets === undefined && <span class="muted">…</span>
      )}
    </li>
  );
}
