import {
  configReference,
  defaultConfig,
  exampleConfig,
  formatFault,
  parseConfig,
} from '../../../src/daemon/config/index.ts';

test('x', () => {
  const out: string[] = [];
  out.push(exampleConfig(), configReference());
  const source = {
    fileName: 'distlogd.yaml',
    environment: { SECRET: 'hush', EMPTY: '', N: '7' },
    directory: '/etc/distlogd',
  };
  out.push(JSON.stringify(defaultConfig({ directory: '/x' }), null, 1));
  for (const text of [
    exampleConfig(),
    '',
    'x',
    '- a',
    'a: [',
    `recievers: {}
rules: []
data: 5
data: [1]
receivers:
  zmqAck: {endpoint: "tcp://*:5011", maxBatchBytes: 64}
  otlpGrpc: {endpoint: 0.0.0.0:4317, token: short, tls: {certFile: x}}
  otlpHttp: {endpoint: 127.0.0.1:4317, max_request_bytes: 1MiB}
  zmqPush: ~
sinks:
  archive: { type: file, path: x, rotate: { maxBytes: ten, keep: "\${env:N}" } }
  Archive: { type: file, path: x, onFull: '\${env:SECRET}' }
  a b: {}
  c: { type: store }
  d: { type: otlp, endpoint: 'http://user:pw@x/', headers: { 'Authorization': a, y: '\${env:NOPE}' , x: [1]} }
  e: { type: otlp, endpoint: http://localhost:4317/x, tls: { certFile: a } , retry: {initial: 1m}}
  f: { path: x }
  g:
  h: { type: file, path: ./.distlogd/journal/x }
http:
journal: { maxBytes: 1GiB, segmentBytes: 1GiB, sync: sometimes }
`,
  ]) {
    const r = parseConfig(text, source);
    out.push(
      '=== ' + text.slice(0, 30),
      'faults' in r ? r.faults.map(formatFault).join('\n') : JSON.stringify(r, null, 1),
    );
  }
  require('node:fs').writeFileSync('/tmp/out.txt', out.join('\n\n'));
});
