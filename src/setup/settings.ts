import { choice, count, flag, group, millis, path, text, type ValueOf } from '../settings/index.ts';

/** The severity names that settings accept. */
export const severities = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'] as const;
const order = (severity: (typeof severities)[number]) => severities.indexOf(severity);

/**
 * The settings of `start()`, `withBurstlog()` and `burstlog/register`, in addition to the `OTEL_*` variables.
 * Each is an option in code and an environment variable: `emitLevel` and `BURSTLOG_EMIT_LEVEL`.
 */
export const settings = group(
  {
    /** The `service.name` of the resource. */
    serviceName: text({
      pattern: /\S/,
      type: 'name',
      expected: 'a name',
      example: 'checkout',
      absent: '`OTEL_SERVICE_NAME`, or the name in the application’s package.json',
      meaning: 'The `service.name` of the resource.',
    }),
    /** The minimum severity. */
    level: choice(severities, {
      default: 'TRACE',
      meaning: 'The minimum severity; less severe records are dropped before they are created.',
    }),
    /** The minimum severity of records that are always exported. */
    emitLevel: choice(severities, {
      default: 'INFO',
      meaning:
        'Records of at least this severity are always exported. Less severe ones are held until a trigger releases them.',
    }),
    /** The minimum severity of a trigger. */
    burstLevel: choice(severities, {
      default: 'ERROR',
      meaning: 'Records of at least this severity are triggers, which release the held records.',
    }),
    /** Which records share a buffer: those of a trace, of a task, or of the whole process. */
    scope: choice(['trace', 'task', 'global'], {
      default: 'trace',
      meaning: 'Which records share a buffer: those of a trace, of a task, or of the whole process.',
    }),
    /** The maximum number of held records in a buffer. */
    capacity: count({ min: 1, default: 1_000, meaning: 'The maximum number of records in a buffer.' }),
    /** The duration from which a span is a trigger, in milliseconds. */
    slowerThanMillis: millis({
      min: 0,
      absent: 'no limit',
      example: '2s',
      meaning: 'Spans that last longer are triggers.',
    }),
    /**
     * How unsampled traces are handled. `record`: their spans are recorded but not exported, so that they can
     * burst.
     */
    unsampledTraces: choice(['ignore', 'record'], {
      default: 'ignore',
      meaning:
        'Span processors receive no spans of unsampled traces, so only their log records can be triggers. `record`: the spans are recorded but not exported.',
    }),
    /** Where log records are exported. */
    exporter: choice(['otlp', 'zmq', 'stdout', 'none'], {
      absent: '`OTEL_LOGS_EXPORTER`, or `otlp`',
      meaning:
        'Where log records are exported: `otlp` to a Collector, `zmq` to `distlogd` over ZeroMQ, `stdout`, or `none`.',
    }),
    /** The address for `zmq`, or the URL for `otlp`. */
    endpoint: text({
      pattern: /^\w+:\/\/\S+$/,
      type: 'URL',
      expected: 'a URL such as tcp://127.0.0.1:5011',
      example: 'tcp://127.0.0.1:5011',
      absent: '`zmq`: `tcp://127.0.0.1:5011`; `otlp`: `OTEL_EXPORTER_OTLP_*`',
      meaning: 'The address of the exporter.',
    }),
    /** The format of `stdout`. */
    stdoutFormat: choice(['auto', 'otlpJson', 'text'], {
      default: 'auto',
      meaning: 'The format of `stdout`: OTLP/JSON lines or readable lines. `auto`: readable on a terminal.',
    }),
    /** The directory of the black box, in which held records survive the end of the process. */
    blackBox: path({
      absent: 'none',
      example: '/dev/shm/burstlog',
      meaning:
        'The directory of the black box, in which held and undelivered records survive the end of the process.',
    }),
    /** Where records are written that can no longer be exported. */
    fallback: text({
      pattern: /\S/,
      type: '`stderr` or a path',
      expected: 'stderr or a path',
      absent: 'nowhere',
      example: 'stderr',
      meaning:
        'Where records that can no longer be exported when the process ends are written, as lines of OTLP/JSON: `stderr`, or a file that `distlog` reads.',
    }),
    /** Verbosity rules that apply while the application runs; the file is read again when it changes. */
    verbosityFile: path({
      absent: 'none',
      example: '/etc/checkout/verbosity.yaml',
      meaning: 'A file with rules that change levels at run time; changes are detected. See verbosity.md.',
    }),
    /** The signal that releases all held records. */
    releaseSignal: choice(['SIGUSR2', 'SIGHUP', 'SIGQUIT', 'none'], {
      absent: '`SIGUSR2`; `none` with `withBurstlog()` and under nodemon',
      meaning:
        'The signal that releases all held records, unless the application has a listener for it. See verbosity.md.',
    }),
    /** Whether the installed instrumentations are enabled. */
    instrumentations: flag({
      absent: '`true`, or `false` if another SDK is already running',
      meaning: 'Whether the installed instrumentations are enabled.',
    }),
  },
  {
    checks: [
      {
        at: 'emitLevel',
        problem: ({ level, emitLevel }) =>
          order(level) > order(emitLevel) ? `must not be below level (${level})` : undefined,
      },
      {
        at: 'burstLevel',
        problem: ({ emitLevel, burstLevel }) =>
          order(emitLevel) > order(burstLevel) ? `must not be below emitLevel (${emitLevel})` : undefined,
      },
    ],
  },
);

/** The resolved settings. */
export type Settings = ValueOf<typeof settings>;
