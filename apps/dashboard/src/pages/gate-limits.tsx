import type { Gate } from "@prewarm/control-schema/gate";
import type { Stats } from "@prewarm/control-schema/stats";
import { may } from "../api/session.ts";
import { useStats } from "../api/stats.tsx";
import { topOf } from "../charts/series.ts";
import { count } from "../lib/format.ts";
import { faultOf, NUMBERS, type NumberField, type Steered, textOf } from "../lib/gate-draft.ts";
import { Check } from "../ui/fields.tsx";
import { useFocusOf } from "../ui/focus-of.ts";
import { Said, Time } from "../ui/time.tsx";
import { Track } from "../ui/track.tsx";

const fieldOf = (key: string): NumberField => {
  const field = NUMBERS.find((one) => one.key === key);
  if (field === undefined) throw new Error(`No field ${key}`);
  return field;
};

/** Rate, slots and month as ranges with their used part; below the month the three shares of it. */
export function Limits(props: Steered) {
  useFocusOf("limits");
  const stats = useStats().data.value;
  const { rate, concurrency } = stats?.utilisation ?? {};
  return (
    <section class="card limits" id="limits" aria-label="Limits and budget">
      <div>
        <Limit {...props} field={fieldOf("rate")} used={rate?.used ?? 0} words="a second sent" />
        <NumberInput {...props} field={fieldOf("burst")} isInline />
      </div>
      <Limit {...props} field={fieldOf("concurrency")} used={concurrency?.used ?? 0} words="in hand" />
      <Month {...props} stats={stats} />
    </section>
  );
}

interface FieldProps extends Steered {
  field: NumberField;
}

/** The number that stands in the draft, or holds now; null: none is typed. */
function numberOf({ gate, draft, field }: FieldProps): number | null {
  const drafted = draft[field.key] ?? textOf(field, gate);
  const text = drafted === "auto" ? field.number(gate) : drafted;
  return text.trim() === "" || Number.isNaN(Number(text)) ? null : Number(text);
}

function Limit({ used, words, ...props }: FieldProps & { used: number; words: string }) {
  const { field, gate, draft, set } = props;
  const value = numberOf(props) ?? 0;
  const now = field.limit?.(gate);
  const isAuto = (draft[field.key] ?? textOf(field, gate)) === "auto";
  return (
    <div>
      <NumberInput {...props} />
      <Track
        label={field.name}
        top={topOf([1.5 * Math.max(value, used)])}
        used={used}
        value={value}
        min={field.min}
        isPinned={!isAuto}
        step={field.isWhole ? 1 : 0.1}
        mark={now?.mode === "auto" ? now.value : null}
        change={may("limits") ? (to) => set(field.key, String(Math.round(to * 10) / 10)) : undefined}
      />
      <p class="small-text num">
        <i class="swatch used" aria-hidden="true" /> {Math.round(used * 10) / 10} {words}
      </p>
      <HowFound limit={now} />
    </div>
  );
}

/** A number to type, and whether the gate finds it by itself. */
function NumberInput({ field, gate, draft, set, isInline }: FieldProps & { isInline?: boolean }) {
  const { key, name, min, max, isWhole, empty, limit, unit = "" } = field;
  const text = draft[key] ?? textOf(field, gate);
  const fault = faultOf(field, text);
  if (!may("limits"))
    return (
      <p>
        {name.replace(/, in %$/, "")}: <b class="num">{field.number(gate) || empty}</b>
        {unit}
      </p>
    );
  return (
    <div class="row number-form" data-key={key}>
      <label class={isInline ? "field row inline" : "stack field grow"}>
        {name}
        <input
          type="number"
          min={min}
          max={max}
          step={isWhole ? 1 : "any"}
          value={text === "auto" ? field.number(gate) : text}
          placeholder={empty}
          aria-invalid={fault !== null}
          onInput={(event) => set(key, event.currentTarget.value)}
        />
        {fault && <small role="status">{fault}</small>}
      </label>
      {limit && (
        <Check
          aria-label={`Automatic: ${name}`}
          checked={text === "auto"}
          set={(isAuto) => set(key, isAuto ? "auto" : field.number(gate))}
        >
          Automatic
        </Check>
      )}
    </div>
  );
}

/** How a limit came about: automatic, with its last move and the reason, or a number. */
function HowFound({ limit }: { limit: Gate["limits"]["rate"] | undefined }) {
  if (limit === undefined) return null;
  const { mode, min, max, why, since } = limit;
  return (
    <p class="muted small-text">
      {mode === "auto" ? (
        <>
          Automatic, between {min} and {count(max ?? 0)}. <Said>{why ?? "It has not changed yet."}</Said>{" "}
          {since !== null && <Time at={since} />}
        </>
      ) : mode === "pinned" ? (
        "Pinned by an operator."
      ) : (
        "Set in the configuration."
      )}
    </p>
  );
}

/** The month's jobs: spent, waiting and the budget; and who may use how much of it. */
function Month({ stats, ...props }: Steered & { stats: Stats | null }) {
  const { budget } = props.gate;
  const monthly = numberOf({ ...props, field: fieldOf("monthly") });
  const waits = stats?.pace.all.jobsLeft ?? 0;
  const top = topOf([1.5 * (monthly ?? 0), budget.used + waits]);
  const price = stats?.spent.per1000Jobs ?? null;
  const amount = (jobs: number) => (price === null ? "" : ` = ${((jobs * price) / 1000).toFixed(2)}`);
  const { live, upload, bulk } = budget.usedByLane;
  const of = (key: string) => ((numberOf({ ...props, field: fieldOf(key) }) ?? 0) / 100) * (monthly ?? top);
  const aDay = ((numberOf({ ...props, field: fieldOf("liveDayShare") }) ?? 0) / 100) * of("liveShare");
  const shared = { ...props, top };
  return (
    <div class="month">
      <NumberInput {...props} field={fieldOf("monthly")} />
      <Track
        label="Jobs a month"
        top={top}
        used={budget.used}
        planned={waits}
        value={monthly ?? top}
        min={0}
        isPinned
        step={10 ** Math.max(0, Math.floor(Math.log10(top)) - 2)}
        mark={budget.monthlyJobs}
        change={may("limits") ? (to) => props.set("monthly", String(to)) : undefined}
      />
      <p class="small-text num">
        <i class="swatch used" aria-hidden="true" /> {count(budget.used)} spent{amount(budget.used)} ·{" "}
        <i class="swatch planned" aria-hidden="true" /> {count(waits)} wait{amount(waits)}
        {monthly === null ? ", unlimited" : price !== null && ` · budget${amount(monthly)}`}
      </p>
      <Share
        {...shared}
        field={fieldOf("liveDayShare")}
        from={live - budget.liveToday}
        used={budget.liveToday}
        of={aDay}
      />
      <Share {...shared} field={fieldOf("liveShare")} used={live} of={of("liveShare")} />
      <Share {...shared} field={fieldOf("warmingShare")} used={upload + bulk} of={of("warmingShare")} />
    </div>
  );
}

interface ShareProps extends FieldProps {
  top: number;
  /** Jobs at which it begins on the month's axis, that are used of it, and that it has. */
  from?: number;
  used: number;
  of: number;
}

/** A share of the month as a bracket on its axis. */
function Share({ top, from = 0, used, of, ...props }: ShareProps) {
  const at = (jobs: number) => `${Math.min(100, Math.max(0, (jobs / top) * 100))}%`;
  const isSpent = used >= of && of > 0;
  return (
    <div class="row spread share">
      <NumberInput {...props} isInline />
      <p class="small-text num">
        {isSpent ? (
          <b class="row-error">all {count(Math.round(of))} spent</b>
        ) : (
          `${count(used)} of ${count(Math.round(of))}`
        )}
      </p>
      <span class="bracket" aria-hidden="true">
        <i class="used" style={{ left: at(from), width: at(used) }} />
        <i class="ends" style={{ left: at(from), width: at(of) }} />
      </span>
    </div>
  );
}
