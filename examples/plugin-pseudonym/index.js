// A plugin of distlogd: a type of processor that replaces values of attributes by a keyed hash, so that all records of one
// user can be found without revealing the user. See docs/plugins.md.
import { createHmac } from 'node:crypto';
import { definePluginProcessor } from 'burstlog/daemon';

const pseudonym = definePluginProcessor({
  type: 'pseudonym',
  meaning: 'Replaces values of attributes by a keyed hash.',
  options: {
    keys: { kind: 'text', pattern: /\S/, expected: 'keys, separated by commas', meaning: 'The attributes.' },
    secret: {
      kind: 'text',
      isSecret: true,
      pattern: /^.{16,}$/,
      expected: 'at least 16 characters',
      meaning: 'The key.',
    },
  },
  make({ keys, secret }) {
    const hidden = new Set(keys.split(',').map((key) => key.trim()));
    /** @param {unknown} value */
    const hash = (value) => createHmac('sha256', secret).update(String(value)).digest('hex').slice(0, 16);
    return {
      process: ({ resource, scope, records }) => [
        {
          resource,
          scope,
          records: records.map((record) => ({
            ...record,
            attributes: record.attributes.map(([key, value]) => [key, hidden.has(key) ? hash(value) : value]),
          })),
        },
      ],
    };
  },
});

export const plugin = { burstlog: 1, processors: [pseudonym] };
