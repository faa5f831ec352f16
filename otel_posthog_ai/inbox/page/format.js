// Numbers and times as people read them. Unknown is "–", never 0.

export const UNKNOWN = "–";

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const compactCount = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

export const isKnown = (value) => value !== null && value !== undefined;

export function count(value) {
  return isKnown(value) ? whole.format(value) : UNKNOWN;
}

export function shortCount(value) {
  if (!isKnown(value)) return UNKNOWN;
  return Math.abs(value) < 100000 ? whole.format(value) : compactCount.format(value);
}

export function tokens(input, output) {
  return isKnown(input) || isKnown(output) ? `${shortCount(input)} → ${shortCount(output)}` : UNKNOWN;
}

export function seconds(value) {
  if (!isKnown(value)) return UNKNOWN;
  if (value !== 0 && Math.abs(value) < 0.9995) return `${Math.round(value * 1000)} ms`;
  if (Math.abs(value) < 120) return `${value.toFixed(2)} s`;
  const minutes = Math.floor(value / 60);
  return minutes < 120 ? `${minutes} min ${Math.round(value % 60)} s` : `${whole.format(value / 3600)} h`;
}

export function cost(value) {
  return isKnown(value) ? `$${value.toFixed(value !== 0 && Math.abs(value) < 0.01 ? 5 : 4)}` : UNKNOWN;
}

export function plural(number, one, many = `${one}s`) {
  return `${whole.format(number)} ${number === 1 ? one : many}`;
}

export function ago(iso) {
  const passed = (Date.now() - Date.parse(iso)) / 1000;
  if (Number.isNaN(passed)) return UNKNOWN;
  if (passed < 5) return "now";
  if (passed < 60) return `${Math.floor(passed)} s ago`;
  if (passed < 3600) return `${Math.floor(passed / 60)} min ago`;
  if (passed < 86400) return `${Math.floor(passed / 3600)} h ago`;
  return iso.slice(0, 10);
}

export function moment(iso) {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return UNKNOWN;
  const two = (value) => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
