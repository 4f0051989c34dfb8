// The first 8 and the last 12 hex digits of a version 4 UUID are random, and Node.js prepares many at once. The global
// `crypto` is loaded when it is first used, unlike an imported one.

/** A trace id: 32 random hex digits. */
export function randomTraceId(): string {
  const [one, other] = [crypto.randomUUID(), crypto.randomUUID()];
  return one.slice(0, 8) + one.slice(24) + other.slice(24);
}

/** A span id: 16 random hex digits. */
export function randomSpanId(): string {
  const uuid = crypto.randomUUID();
  return uuid.slice(0, 4) + uuid.slice(24);
}
