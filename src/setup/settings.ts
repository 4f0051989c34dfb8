import { choice, count, flag, group, millis, path, text, type ValueOf } from '../settings/index.ts';

/** The severities that settings name. */
export const severities = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'] as const;
const order = (severity: (typeof severities)[number]) => severities.indexOf(severity);

/**
 * What `start()`, `withBurstlog()` and `burstlog/register` take, beside the `OTEL_*` variables. Each is an option
 * in code and a variable in the environment: `emitLevel` and `BURSTLOG_EMIT_LEVEL`.
 */
export const settings = group(
  {
    /** The `service.name` of the resource. */
    serviceName: text({
      pattern: /\S/,
      type: 'name',
      expected: 'a name',
      example: 'checkout',
      absent: '`OTEL_SERVICE_NAME`, else the name in the application’s package.json',
      meaning: 'The `service.name` of the resource.',
    }),
    /** Quieter records are refused: they are not even made. */
    level: choice(severities, {
      default: 'TRACE',
      meaning: 'Quieter records are refused: they are not even made.',
    }),
    /** From here on a record is exported always; quieter ones are held. */
    emitLevel: choice(severities, {
      default: 'INFO',
      meaning:
        'From here on a record is exported always. Quieter ones are held until a trigger releases them.',
    }),
    /** From here on a record is a trigger: it releases what is held. */
    burstLevel: choice(severities, {
      default: 'ERROR',
      meaning: 'From here on a record is a trigger: it releases what is held.',
    }),
    /** Which records share a buffer: those of a trace, of a task, or of the whole process. */
    scope: choice(['trace', 'task', 'global'], {
      default: 'trace',
      meaning: 'Which records share a buffer: those of a trace, of a task, or of the whole process.',
    }),
    /** Held records of one buffer. */
    capacity: count({ min: 1, default: 1_000, meaning: 'How many records a buffer holds.' }),
    /** A span that took longer is a trigger, in milliseconds. */
    slowerThanMillis: millis({
      min: 0,
      absent: 'none is too slow',
      example: '2s',
      meaning: 'A span that took longer is a trigger.',
    }),
    /** What becomes of unsampled traces. `record`: their spans are recorded, and not exported, so that they can burst. */
    unsampledTraces: choice(['ignore', 'record'], {
      default: 'ignore',
      meaning:
        'Of traces that are not sampled no span processor sees a span, so only their log records can be triggers. `record`: their spans are recorded, and not exported.',
    }),
    /** Where the records go. */
    exporter: choice(['otlp', 'zmq', 'stdout', 'none'], {
      absent: '`OTEL_LOGS_EXPORTER`, else `otlp`',
      meaning:
        'Where the records go: `otlp` to a Collector, `zmq` to `distlogd` over ZeroMQ, `stdout`, or `none`.',
    }),
    /** The address for `zmq`, or the URL for `otlp`. */
    endpoint: text({
      pattern: /^\w+:\/\/\S+$/,
      type: 'URL',
      expected: 'an URL such as tcp://127.0.0.1:5011',
      example: 'tcp://127.0.0.1:5011',
      absent: '`zmq`: `tcp://127.0.0.1:5011`; `otlp`: `OTEL_EXPORTER_OTLP_*`',
      meaning: 'The address of the exporter.',
    }),
    /** The form of the lines of `stdout`. */
    stdoutFormat: choice(['auto', 'otlpJson', 'text'], {
      default: 'auto',
      meaning: '`stdout`: lines of OTLP/JSON, or readable lines. `auto`: readable on a terminal.',
    }),
    /** Directory of the black box: what is held there survives the death of the process. */
    blackBox: path({
      absent: 'none',
      example: '/dev/shm/burstlog',
      meaning:
        'Directory of the black box, which keeps what is held and not delivered over the death of the process.',
    }),
    /** Where records are written that cannot be exported any more. */
    fallback: text({
      pattern: /\S/,
      type: '`stderr` or a path',
      expected: 'stderr or a path',
      absent: 'nowhere',
      example: 'stderr',
      meaning:
        'Where records are written, as lines of OTLP/JSON, that cannot be exported any more when the process ends: `stderr`, or a file that `distlog` reads.',
    }),
    /** Rules of verbosity that hold while the application runs, and are read again when the file changes. */
    verbosityFile: path({
      absent: 'none',
      example: '/etc/checkout/verbosity.yaml',
      meaning:
        'File with rules that change levels while the application runs; it is watched. See verbosity.md.',
    }),
    /** The signal that releases everything held. */
    releaseSignal: choice(['SIGUSR2', 'SIGHUP', 'SIGQUIT', 'none'], {
      absent: '`SIGUSR2`, but `none` with `withBurstlog()` and under nodemon',
      meaning:
        'The signal that releases everything held, unless the application listens for it itself. See verbosity.md.',
    }),
    /** Whether instrumentations of loggers, and what else is installed of them, are enabled. */
    instrumentations: flag({
      absent: '`true`, but `false` where another SDK is running already',
      meaning: 'Whether the instrumentations that the application has installed are enabled.',
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

/** The settings as they hold. */
export type Settings = ValueOf<typeof settings>;
