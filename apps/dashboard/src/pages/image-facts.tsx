import type { Image, ImageOrders, PurgeTimeline, Variant } from "@prewarm/control-schema/images";
import type { ComponentChildren } from "preact";
import { ask, may } from "../api/session.ts";
import { useResource } from "../api/use-resource.ts";
import { count, money, plural, size } from "../lib/format.ts";
import { clock } from "../lib/live.ts";
import { nameOf } from "../lib/transform-words.ts";
import { Fact } from "../ui/fact.tsx";
import { LongName } from "../ui/long-name.tsx";
import { Time, Until } from "../ui/time.tsx";
import { STATE_WORDS } from "./image-matrix.tsx";

interface FactsProps {
  image: Image;
  /** Of the version that is shown. */
  variants: readonly Variant[];
  v: string | null;
  /** Shows where the focal point is set. */
  aim(): void;
}

/** A line for each question that an operator asks of an image. */
export function ImageFacts({ image, variants, v, aim }: FactsProps) {
  const { id, focal, originalUrl, originalBytes, sourceEtag, leftOut } = image;
  const ended = image.variants.filter(({ state }) => state === "stored").length;
  const orders = useResource(
    `${id}|${image.variants.length}|${ended}`,
    (signal) => ask("GET /api/v1/images/{id}/orders", { params: { id }, signal }),
    null,
  );
  const answer = orders.data.value;
  const total = image.variants.length;
  return (
    <section class="card" aria-label="Facts">
      <dl class="facts lined num">
        <Fact name="Viewers get now">
          <Gets image={image} variants={variants} />
        </Fact>
        {answer === null ? (
          <Fact name="Asked for by">{orders.error.value?.message ?? "…"}</Fact>
        ) : (
          <Orders id={id} answer={answer} image={image} />
        )}
        <Fact name="Old copies">
          <Copies purge={image.purge} />
        </Fact>
        <Fact name="Focal point">
          {focal === null
            ? "none: crops keep the centre"
            : `${Math.round(focal[0] * 100)} % from the left, ${Math.round(focal[1] * 100)} % from the top`}{" "}
          {may("warm") && (
            <button type="button" class="small" onClick={aim}>
              {focal === null ? "Set it" : "Move it"}
            </button>
          )}
        </Fact>
        <Fact name="Original">
          {originalUrl === null ? (
            "no URL shows it to you"
          ) : (
            <LongName text={originalUrl.replace(/^https?:\/\//, "")} />
          )}{" "}
          <span class="muted break">
            {originalBytes !== null && size(originalBytes)} {sourceEtag !== null && `etag ${sourceEtag}`}{" "}
            {v === null ? "without v" : `v=${v}`}
            {variants.length < total && ` of ${count(variants.length)} of ${count(total)}`}
          </span>
          {leftOut.map((word) => (
            <span key={word} class="muted">
              {" "}
              · {LEFT_OUT_WORDS[word]}
            </span>
          ))}
        </Fact>
      </dl>
    </section>
  );
}

const LEFT_OUT_WORDS: Record<Image["leftOut"][number], string> = {
  manifest: "signed manifest, not carried over",
  long_text: "a compressed text that was too long to read for labels",
};

/** What a page shows: from R2, and where it differs. */
function Gets({ image, variants }: Pick<FactsProps, "image" | "variants">) {
  const formats = [...new Set(variants.filter(({ bytes }) => bytes !== null).map(({ format }) => format))].sort();
  const lacking = variants.filter(({ bytes }) => bytes === null);
  const original = image.originalUrl === null ? "the original, or a grey pixel if it is hidden" : "the original";
  if (image.purging) return <Flag>{original}, until the purge has ended</Flag>;
  if (formats.length === 0)
    return (
      <>
        <Flag>{original}, at every width</Flag> <span class="muted">the first view orders its variant</span>
      </>
    );
  return (
    <>
      {formats.join(" or ")} from R2{" "}
      {[...Map.groupBy(lacking, ({ state }) => state)].map(([state, some]) => (
        <Flag key={state}>
          {some[0] && some.length === 1 ? nameOf(some[0].transform) : plural(some.length, "variant")}{" "}
          {STATE_WORDS[state].replace("✕ ", "")}
        </Flag>
      ))}{" "}
      {lacking.length > 0 && <span class="muted">there another stored one, or {original}</span>}
    </>
  );
}

/** What differs from the rule, told apart by its sign. */
function Flag({ children }: { children: ComponentChildren }) {
  return (
    <span class="pill warn">
      <span aria-hidden="true">!</span> {children}
    </span>
  );
}

/** The orders that are shown; the others fold. */
const SHOWN = 4;

function Orders({ id, answer, image }: { id: string; answer: ImageOrders; image: Image }) {
  const { orders, variants, jobs, outdated, amount } = answer;
  const stored = image.variants.filter(({ state }) => state === "stored").length;
  const older = Math.max(0, stored - variants);
  const newest = orders.toReversed();
  return (
    <>
      <Fact name="Asked for by">
        <OrderList orders={newest.slice(0, SHOWN)} />
        {newest.length > SHOWN && (
          <details>
            <summary>{count(newest.length - SHOWN)} earlier</summary>
            <OrderList orders={newest.slice(SHOWN)} />
          </details>
        )}
        {orders.length === 0 && older === 0 && "nobody: no run, no hook, no viewer"}
        {older > 0 && <span class="muted">{plural(older, "variant")}: longer ago than the newest 100,000 jobs</span>}
      </Fact>
      <Fact name="Paid">
        {jobs === 0 ? "nothing" : plural(jobs, "job")}
        {jobs > 0 && amount !== null && `, ${money(amount)}`}{" "}
        {outdated > 0 && (
          <span class="muted">
            {count(jobs - outdated)} for what stands, {count(outdated)} for what was purged or replaced
          </span>
        )}{" "}
        <a href={`/jobs?search=${encodeURIComponent(`id:"${id}"`)}`}>Its jobs</a>
      </Fact>
    </>
  );
}

function OrderList({ orders }: Pick<ImageOrders, "orders">) {
  return (
    <ul class="row break">
      {orders.map(({ run, label, hook, who, lane, at, until, variants }) => (
        <li key={`${run} ${lane}`}>
          {run === null ? (
            { live: "viewers", upload: "Prewarm itself", bulk: "Prewarm itself" }[lane]
          ) : (
            <a href={`/runs/${encodeURIComponent(run)}`}>
              <bdi class="break">{hook === null ? (label ?? run) : `hook ${hook}`}</bdi>
            </a>
          )}
          {who !== null && ", "}
          <bdi>{who}</bdi>, {hook !== null && "delivery of "}
          <Time at={at} asClock />
          {until - at > 1000 && "–"}
          {until - at > 1000 && <Time at={until} asClock />} <span class="muted">({plural(variants, "variant")})</span>
        </li>
      ))}
    </ul>
  );
}

/** Until when somebody may see what the last purge has deleted: in R2, at edges, in browsers. */
function Copies({ purge }: { purge: PurgeTimeline | null }) {
  if (purge === null) return <>none: no purge is remembered</>;
  const { storeDeletedAt, edgeUntil, browsersUntil, secondPass } = purge;
  return (
    <ul class="row break">
      <CopiesAt place="in R2" until={storeDeletedAt} />
      <CopiesAt place="at edges" until={edgeUntil} />
      <CopiesAt place="in browsers" until={browsersUntil} />
      {secondPass.doneAt === null && secondPass.dueAt !== null && (
        <li class="muted">
          R2 is searched once more <Time at={secondPass.dueAt} asClock />
        </li>
      )}
    </ul>
  );
}

function CopiesAt({ place, until }: { place: string; until: number | null }) {
  const isOver = until !== null && until <= clock.value;
  return (
    <li>
      {isOver && "✓ none "}
      {place} {isOver && "since "}
      {until === null && "until a time that is not known yet"}
      {until !== null && (isOver ? <Time at={until} asClock /> : <Until at={until} />)}
    </li>
  );
}
