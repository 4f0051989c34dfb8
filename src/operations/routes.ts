import { errorText } from '../record/index.ts';
import type { LoopDelay } from './loop-delay.ts';
import { metricsOf } from './metrics.ts';
import { PROMETHEUS_CONTENT_TYPE, prometheusText } from './prometheus.ts';
import { type RecordSources, readerRoutes } from './reader-api.ts';
import { type Answer, jsonAnswer, type Route, textAnswer } from './route.ts';
import type { Snapshot } from './status-report.ts';

/** What the routes need of the daemon. */
export interface Operated {
  /** What the reader's API reads from. Absent: there is no such API. */
  readonly records?: RecordSources | undefined;
  /** The daemon as it is now. */
  readonly view: () => Snapshot;
  /** Hands a sink its dead letters again. @throws (rejects) if there is no such sink, or it is failing */
  readonly replayDeadLetters: (
    sink: string,
  ) => Promise<{ readonly letters: number; readonly records: number }>;
}

/** Health, readiness, metrics and status of the daemon, and the replay of dead letters. */
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

/** 200 as long as the daemon can go on: a restart would not help. */
function health({ state, reason }: Snapshot): Answer {
  return textAnswer(state === 'failed' ? 503 : 200, because(state, reason));
}

/** 200 while it takes records. */
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
