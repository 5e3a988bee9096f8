interface TrackProps {
  label: string;
  /** The end of the track, in the unit of `value`. */
  top: number;
  /** What of it is used. */
  used: number;
  /** What will be used of it, drawn hatched behind the used part. */
  planned?: number;
  /** The limit, which the handle shows. */
  value: number;
  step: number;
  min: number;
  /** The limit that an automatic gate set, where the handle has left it. */
  mark?: number | null;
  isPinned?: boolean;
  /** Without it there is no handle to drag. */
  change?: ((value: number) => void) | undefined;
}

/** A limit on its range: how much of it is used, with a handle at its end. */
export function Track({ label, top, used, planned = 0, value, mark, change, ...rest }: TrackProps) {
  const share = (part: number) => `${Math.min(100, Math.max(0, (part / top) * 100))}%`;
  return (
    <span class="track" data-pinned={rest.isPinned ?? false}>
      <i class="allowed" style={{ left: 0, width: share(value) }} />
      <i class="used" style={{ left: 0, width: share(used) }} />
      <i class="planned" style={{ left: share(used), width: share(Math.min(planned, top - used)) }} />
      {mark != null && <i class="mark" style={{ left: share(mark) }} />}
      {change === undefined ? (
        <i class="limit" style={{ left: share(value) }} />
      ) : (
        <input
          type="range"
          aria-label={`${label}, on its range`}
          min={0}
          max={top}
          step={rest.step}
          value={value}
          onInput={(event) => change(Math.max(rest.min, event.currentTarget.valueAsNumber))}
        />
      )}
    </span>
  );
}
