import type { ComponentChildren } from "preact";

interface MeterProps {
  label: string;
  used: number;
  /** Null: unlimited. */
  limit: number | null;
  /** The words beside it. */
  text: string;
  /** The shares from which on the meter is amber, then red. */
  warnAt?: number;
  badAt?: number;
  children?: ComponentChildren;
}

/** How much of something is used. */
export function Meter({ label, used, limit, text, warnAt = 0.8, badAt = 0.95, children }: MeterProps) {
  const max = limit === null || limit <= 0 ? 1 : limit;
  const value = limit === null ? 0 : Math.min(used, max);
  return (
    <div class="meter">
      <div class="meter-head">
        <span>{label}</span>
        <span class="num">{text}</span>
      </div>
      <meter
        aria-label={`${label}: ${text}`}
        min={0}
        max={max}
        low={max * warnAt}
        high={max * badAt}
        optimum={0}
        value={value}
      />
      {children && <div class="meter-foot muted">{children}</div>}
    </div>
  );
}
