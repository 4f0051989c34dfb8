import type { LineStream } from './line-stream.ts';

/** A route of the operations server. */
export interface Route {
  /** GET also handles HEAD. */
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** The query string, for messages: `?sink=NAME`. */
  readonly query?: string;
  /**
   * Open without a token: health contains nothing to protect, and supervisors send neither token nor name.
   */
  readonly isOpen: boolean;
  /** @throws an error that is answered with 500 */
  readonly answer: (query: URLSearchParams) => Answer | StreamAnswer | Promise<Answer | StreamAnswer>;
}

/** A response of lines, written as they arrive. An error before the first line is answered with 503. */
export interface StreamAnswer {
  readonly stream: (out: LineStream) => Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly type: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export function textAnswer(status: number, text: string, headers: Answer['headers'] = {}): Answer {
  return { status, text: `${text}\n`, type: 'text/plain; charset=utf-8', headers };
}

export function jsonAnswer(status: number, value: unknown): Answer {
  return { status, text: `${JSON.stringify(value)}\n`, type: 'application/json; charset=utf-8' };
}

/** Returns the route of a request, or the response if there is none. */
export function routeOf(routes: readonly Route[], method: string, path: string): Route | Answer {
  const here = routes.filter((route) => route.path === path);
  if (here.length === 0) {
    return textAnswer(404, `not found; expected one of ${routes.map(shown).join(', ')}`);
  }
  const found = here.find((route) => route.method === (method === 'HEAD' ? 'GET' : method));
  if (found !== undefined) return found;
  const allowed = here
    .flatMap((route) => (route.method === 'GET' ? ['GET', 'HEAD'] : [route.method]))
    .join(', ');
  return textAnswer(405, `${path} accepts ${allowed}`, { allow: allowed });
}

function shown({ method, path, query = '' }: Route): string {
  return `${method === 'GET' ? '' : `${method} `}${path}${query}`;
}
