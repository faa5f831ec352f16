// Numbers and times as people read them. Unknown is "–", never 0.

export const UNKNOWN = "–";

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const compactCount = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const zoneName = new Intl.DateTimeFormat("en", { timeZoneName: "short" });

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
  return moment(iso).slice(0, 10);
}

// The time on the reader's clock, with the zone that this clock is in.
export function moment(iso) {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return UNKNOWN;
  const two = (value) => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const zone = zoneName.formatToParts(date).find(({ type }) => type === "timeZoneName")?.value ?? "";
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())} ${zone}`.trimEnd();
}

const STEPS = [1, 2, 5];
const CLOCK_STEPS = [10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400];

// Round places on an axis of so many seconds: at most seven from 0 on, each {at, label}.
export function ticks(length) {
  if (!(length > 0)) return [{ at: 0, label: "0" }];
  const least = length / 6;
  const power = 10 ** Math.floor(Math.log10(least));
  const decimal = [...STEPS, 10].map((step) => step * power).find((step) => step >= least * 0.999);
  const step = length > 60 ? CLOCK_STEPS.find((one) => one >= least) ?? Math.ceil(least / 86400) * 86400 : decimal;
  const places = [];
  for (let place = 0; place * step <= length * 1.0001; place += 1) places.push({ at: place * step, label: tickLabel(place * step, step) });
  return places;
}

function tickLabel(at, step) {
  if (at === 0) return "0";
  const short = (value) => String(Number(value.toPrecision(6)));
  if (step < 0.001) return `${short(at * 1e6)} µs`;
  if (at < 1) return `${short(at * 1000)} ms`;
  if (step < 60 && at < 120) return `${short(at)} s`;
  if (step < 3600) return at % 60 ? `${Math.floor(at / 60)} min ${short(at % 60)} s` : `${at / 60} min`;
  return step < 86400 ? `${short(at / 3600)} h` : `${short(at / 86400)} d`;
}
