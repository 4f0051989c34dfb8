import type { LineStream } from './line-stream.ts';

/** One thing that the operations server answers. */
export interface Route {
  /** GET is answered for HEAD too. */
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** What stands behind the path, for people: `?sink=NAME`. */
  readonly query?: string;
  /** Health says nothing that must be protected, and supervisors send neither token nor name. */
  readonly isOpen: boolean;
  /** @throws what is answered with 500 */
  readonly answer: (query: URLSearchParams) => Answer | StreamAnswer | Promise<Answer | StreamAnswer>;
}

/** An answer of lines, written as they come. What is thrown before the first of them is answered with 503. */
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

/** The route of a request, or the answer to one that there is none for. */
export function routeOf(routes: readonly Route[], method: string, path: string): Route | Answer {
  const here = routes.filter((route) => route.path === path);
  if (here.length === 0) {
    return textAnswer(404, `there are ${routes.map(shown).join(', ')}`);
  }
  const found = here.find((route) => route.method === (method === 'HEAD' ? 'GET' : method));
  if (found !== undefined) return found;
  const allowed = here
    .flatMap((route) => (route.method === 'GET' ? ['GET', 'HEAD'] : [route.method]))
    .join(', ');
  return textAnswer(405, `${path} takes ${allowed}`, { allow: allowed });
}

function shown({ method, path, query = '' }: Route): string {
  return `${method === 'GET' ? '' : `${method} `}${path}${query}`;
}
