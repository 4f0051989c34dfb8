/** An OTLP/JSON request of some records. */
export function jsonRequest(...bodies: readonly string[]): string {
  const logRecords = bodies.map((text) => ({ timeUnixNano: '1', body: { stringValue: text } }));
  return JSON.stringify({ resourceLogs: [{ resource: {}, scopeLogs: [{ scope: {}, logRecords }] }] });
}

/**
 * Sends an OTLP/JSON request. On a connection of its own: one that was kept is closed when the receiver stops, and
 * `fetch` does not try a POST again.
 * @returns the status of the answer
 */
export async function postJson(endpoint: string, body: string): Promise<number> {
  const headers = { 'content-type': 'application/json', connection: 'close' };
  return (await fetch(`${endpoint}/v1/logs`, { method: 'POST', headers, body })).status;
}

/** Sends records, each with this body. @returns the status of the answer */
export function sendBodies(endpoint: string, ...bodies: readonly string[]): Promise<number> {
  return postJson(endpoint, jsonRequest(...bodies));
}
