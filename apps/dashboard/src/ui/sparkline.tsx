import { count } from "../lib/format.ts";

interface SparklineProps {
  values: readonly (number | null)[];
  label: string;
  format?(value: number): string;
}

/** A small line without axes that shows a trend; its words say between what. The exact numbers stand beside it. What was not measured is a gap. */
export function Sparkline({ values, label, format = count }: SparklineProps) {
  const known = values.filter((value) => value !== null);
  if (known.length < 2) return <svg class="spark" aria-hidden="true" viewBox="0 0 100 28" />;
  const top = Math.max(...known, 1e-9);
  const step = 100 / Math.max(values.length - 1, 1);
  const [least, most] = [format(Math.min(...known)), format(Math.max(...known))];
  const words = `${label}: ${least === most ? `always ${most}` : `from ${least} to ${most}`}`;
  const y = (value: number) => (26 - (value / top) * 23).toFixed(1);
  let isDown = false;
  const path = values
    .map((value, index) => {
      const command = value === null ? "" : `${isDown ? "L" : "M"}${(index * step).toFixed(1)},${y(value)}`;
      isDown = value !== null;
      return command;
    })
    .join("");
  return (
    <svg class="spark" role="img" aria-label={words} viewBox="0 0 100 28" preserveAspectRatio="none">
      <title>{words}</title>
      <path d={path} />
    </svg>
  );
}
