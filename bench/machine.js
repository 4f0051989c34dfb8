import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem, type } from 'node:os';

const PACKAGES = [
  '@opentelemetry/api',
  '@opentelemetry/sdk-logs',
  '@opentelemetry/sdk-trace',
  '@opentelemetry/exporter-logs-otlp-grpc',
  '@grpc/grpc-js',
];
const PEERS = ['@logtape/logtape', '@aws-lambda-powertools/logger', 'pino', 'winston'];

/** The environment of the measurement: lines of name and value. */
export function machine() {
  const [cpu] = cpus();
  return [
    ['date', new Date().toISOString().slice(0, 10)],
    ['machine', `${cpus().length} x ${cpu?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB`],
    ['system', `${type()} ${release()}, load average at the start ${loadavg()[0]?.toFixed(2)}`],
    ['Node.js', `${process.version} (V8 ${process.versions.v8})`],
    ['burstlog', versionIn('../package.json')],
    ...PACKAGES.map((name) => [name, versionIn(`../node_modules/${name}/package.json`)]),
  ];
}

/** The versions of the packages that burstlog is compared with. */
export function peerVersions() {
  return PEERS.map((name) => `${name} ${versionIn(`./peers/node_modules/${name}/package.json`)}`);
}

/** @param {string} path */
function versionIn(path) {
  return String(JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')).version);
}
