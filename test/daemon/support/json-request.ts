/** An OTLP/JSON request of some records. */
export function jsonRequest(...bodies: readonly string[]): string {
  const logRecords = bodies.map((text) => ({ timeUnixNano: '1', body: { stringValue: text } }));
  return JSON.stringify({ resourceLogs: [{ resource: {}, scopeLogs: [{ scope: {}, logRecords }] }] });
}
