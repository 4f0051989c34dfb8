// A plugin of distlogd: a type of sink that posts records to a URL, as a list in JSON. See docs/plugins.md.
import {
  definePluginSink,
  logGroups,
  plainObject,
  plainValue,
  rejectedError,
  retryLaterError,
} from 'burstlog/daemon';

const webhook = definePluginSink({
  type: 'webhook',
  meaning: 'Posts records to a URL, as a list in JSON.',
  options: {
    url: { kind: 'text', pattern: /^https?:\/\//, expected: 'a URL', meaning: 'Where they are posted.' },
    timeoutMillis: { kind: 'millis', min: 10, default: 5_000, meaning: 'How long a response may take.' },
  },
  make({ url, timeoutMillis }, { journalId }) {
    return {
      async open() {},
      async write(entries, signal) {
        const first = entries[0]?.index;
        const response = await fetch(url, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            // The same after a crash, so that the server can recognise repeated entries.
            'idempotency-key': `${Buffer.from(journalId).toString('hex')}-${first}-${entries.length}`,
          },
          body: JSON.stringify(recordsOf(entries), (_key, value) =>
            typeof value === 'bigint' ? String(value) : value,
          ),
          signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMillis)]),
        });
        if (response.ok) return undefined;
        const message = `${url} answered ${response.status}`;
        if (response.status === 429)
          throw retryLaterError(message, 1_000 * Number(response.headers.get('retry-after') ?? 1));
        // The server will never accept them: dead letters.
        if (response.status < 500) throw rejectedError(`http_${response.status}`, message);
        // Any other error is retried.
        throw new Error(message);
      },
      async close() {},
    };
  },
});

/** @param {readonly import('burstlog/daemon').JournalEntry[]} entries */
function recordsOf(entries) {
  return entries.flatMap(({ body }) =>
    [...logGroups(body)].flatMap(({ resource, records }) =>
      records.map(({ timeUnixNano, severityNumber, body, attributes, traceId }) => ({
        time: new Date(Number(timeUnixNano / 1_000_000n)),
        severityNumber,
        body: body === undefined ? undefined : plainValue(body),
        attributes: plainObject(attributes),
        resource: plainObject(resource.attributes),
        traceId,
      })),
    ),
  );
}

export const plugin = { burstlog: 1, sinks: [webhook] };
