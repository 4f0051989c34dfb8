import { errorText } from '../record/index.ts';
import type { LoopDelay } from './loop-delay.ts';
import { metricsOf } from './metrics.ts';
import { PROMETHEUS_CONTENT_TYPE, prometheusText } from './prometheus.ts';
import { type RecordSources, readerRoutes } from './reader-api.ts';
import { type Answer, jsonAnswer, type Route, textAnswer } from './route.ts';
import type { Snapshot } from './status-report.ts';

/** The parts of the daemon that the routes need. */
export interface Operated {
  /** The sources of the reader's API; without them there is no such API. */
  readonly records?: RecordSources | undefined;
  /** Returns the current state of the daemon. */
  readonly view: () => Snapshot;
  /**
   * Writes the dead letters of a sink to it again. @throws (rejects) if the sink does not exist or is failing
   */
  readonly replayDeadLetters: (
    sink: string,
  ) => Promise<{ readonly letters: number; readonly records: number }>;
}

/** Returns the routes for health, readiness, metrics, status, and the replay of dead letters. */
export function operationsRoutes(
  { view, replayDeadLetters, records }: Operated,
  loop: LoopDelay,
): readonly Route[] {
  return [
    ...(records === undefined ? [] : readerRoutes(records)),
    { method: 'GET', path: '/healthz', isOpen: true, answer: () => health(view()) },
    { method: 'GET', path: '/readyz', isOpen: true, answer: () => readiness(view()) },
    {
      method: 'GET',
      path: '/metrics',
      isOpen: false,
      answer: () => ({
        status: 200,
        text: prometheusText(metricsOf(view(), loop)),
        type: PROMETHEUS_CONTENT_TYPE,
      }),
    },
    {
      method: 'GET',
      path: '/status',
      isOpen: false,
      answer: () => {
        const { report, ...state } = view();
        return jsonAnswer(200, { ...state, ...report });
      },
    },
    {
      method: 'POST',
      path: '/dlq/replay',
      query: '?sink=NAME',
      isOpen: false,
      answer: (query) => replay(replayDeadLetters(query.get('sink') ?? '')),
    },
  ];
}

/** Returns 200 unless the daemon has failed. In other states a restart would not help. */
function health({ state, reason }: Snapshot): Answer {
  return textAnswer(state === 'failed' ? 503 : 200, because(state, reason));
}

/** Returns 200 while records are accepted. */
function readiness({ state, reason, blocked }: Snapshot): Answer {
  if (state !== 'ready') return textAnswer(503, because(state, reason));
  return blocked === undefined ? textAnswer(200, state) : textAnswer(503, because('blocked', blocked));
}

function because(state: string, reason: string | undefined): string {
  return reason === undefined ? state : `${state}: ${reason}`;
}

async function replay(replayed: Promise<unknown>): Promise<Answer> {
  try {
    return jsonAnswer(200, await replayed);
  } catch (error) {
    return jsonAnswer(409, { error: error instanceof Error ? error.message : errorText(error) });
  }
}
