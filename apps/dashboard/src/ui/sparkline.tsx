/** A small line without axes that shows a trend. The exact numbers stand beside it. */
export function Sparkline({ values, label }: { values: readonly (number | null)[]; label: string }) {
  const known = values.map((value) => value ?? 0);
  const top = Math.max(...known, 1e-9);
  const step = 100 / Math.max(known.length - 1, 1);
  const points = known.map((value, index) => `${(index * step).toFixed(1)},${(26 - (value / top) * 23).toFixed(1)}`);
  if (points.length < 2) return <svg class="spark" aria-hidden="true" viewBox="0 0 100 28" />;
  return (
    <svg class="spark" role="img" aria-label={label} viewBox="0 0 100 28" preserveAspectRatio="none">
      <polygon points={`0,28 ${points.join(" ")} 100,28`} />
      <polyline points={points.join(" ")} />
    </svg>
  );
}
