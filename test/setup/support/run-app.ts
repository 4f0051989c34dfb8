import { spawn } from 'node:child_process';
import { join } from 'node:path';

const root = join(__dirname, '../../..');

/** One record as a line of OTLP/JSON has it. */
export interface LineRecord {
  readonly body?: { readonly stringValue?: string };
  readonly severityNumber?: number;
  readonly traceId?: string;
  readonly eventName?: string;
  readonly attributes?: readonly {
    readonly key: string;
    readonly value: Readonly<Record<string, unknown>>;
  }[];
}

/** The output of a program. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs Node in the project, or in a folder of it; `burstlog/...` is what was built into dist/. */
export function runNode(
  parameters: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  onOutput: (child: ReturnType<typeof spawn>, stdout: string) => void = () => {},
): Promise<Ended> {
  const { NODE_OPTIONS, ...inherited } = process.env;
  const env = { ...inherited, ...(NODE_OPTIONS === undefined ? {} : { NODE_OPTIONS }), ...environment };
  const child = spawn(process.execPath, parameters, { cwd: root, env });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    onOutput(child, stdout);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}

/** The path of a program of these tests. */
export function program(name: string): string {
  return join(__dirname, '../programs', name);
}

/** The records of what a program wrote with the exporter `stdout`. */
export function recordsIn(stdout: string): LineRecord[] {
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('{"resourceLogs"'))
    .flatMap(
      (line) =>
        (JSON.parse(line) as { resourceLogs: { scopeLogs: { logRecords: LineRecord[] }[] }[] }).resourceLogs,
    )
    .flatMap(({ scopeLogs }) => scopeLogs)
    .flatMap(({ logRecords }) => logRecords);
}

/** The bodies of records, in order of arrival. */
export function bodiesOf(records: readonly LineRecord[]): string[] {
  return records.map(({ body }) => body?.stringValue ?? '');
}
