/**
 * The prefix that a container engine writes before a program's line, in the form of Kubernetes and
 * containerd.
 */
const CRI = /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d) (stdout|stderr) ([FP]) /;

/**
 * Finds JSON documents in lines of text, in the formats of other tools: one per line, several on one line,
 * pretty-printed over many lines, as elements of an array, or wrapped by a container engine (Docker's
 * `json-file`, Kubernetes' CRI format, both with long lines in parts). A document that does not end within
 * `maxCharacters` is returned incomplete, so that it is reported.
 */
export class JsonDocuments {
  readonly #maxCharacters: number;
  /** An incomplete document, and the line on which it began. */
  #pending = '';
  #firstLine = 0;
  readonly #depth = new Depth();
  /** By output: the first parts of a program's line that the container engine has split. */
  readonly #partial = new Map<string, string>();

  constructor(maxCharacters: number) {
    this.#maxCharacters = maxCharacters;
  }

  /**
   * The documents that end with this line. A line that is a complete document ends one that began before,
   * which was truncated.
   */
  *of(line: string, number: number): Generator<{ readonly text: string; readonly line: number }> {
    const text = this.#unwrapped(line);
    if (text !== undefined) yield* this.#added(text, number);
  }

  *#added(text: string, number: number): Generator<{ readonly text: string; readonly line: number }> {
    if (this.#pending !== '' && isOneDocument(text)) yield* this.rest();
    if (this.#pending === '') {
      if (text.trim() === '') return;
      if (isOneRequest(text)) {
        yield { text, line: number };
        return;
      }
      this.#firstLine = number;
      this.#depth.reset();
    }
    const isWhole = this.#depth.after(text) <= 0;
    this.#pending += this.#pending === '' ? text : `\n${text}`;
    if (isWhole || this.#pending.length > this.#maxCharacters) yield* this.rest();
  }

  /** The incomplete document. */
  *rest(): Generator<{ readonly text: string; readonly line: number }> {
    const text = this.#pending;
    this.#pending = '';
    for (const each of documentsOf(text)) yield { text: each, line: this.#firstLine };
  }

  /** At the end of the input: {@link rest}, and split lines whose last part is missing. */
  *end(number: number): Generator<{ readonly text: string; readonly line: number }> {
    const partial = [...this.#partial.values()];
    this.#partial.clear();
    for (const text of partial) yield* this.#added(text, number);
    yield* this.rest();
  }

  /** The line that the program wrote; undefined if it continues in the next one. */
  #unwrapped(line: string): string | undefined {
    const cri = CRI.exec(line);
    if (cri !== null) return this.#joined(cri[1]!, line.slice(cri[0].length), cri[2] === 'F');
    if (!line.startsWith('{"log":"')) return line;
    try {
      const { log, stream } = JSON.parse(line) as { log?: unknown; stream?: unknown };
      if (typeof log !== 'string' || typeof stream !== 'string') return line;
      return this.#joined(stream, log.replace(/\r?\n$/, ''), log.endsWith('\n'));
    } catch {
      return line;
    }
  }

  #joined(output: string, part: string, isLast: boolean): string | undefined {
    const whole = (this.#partial.get(output) ?? '') + part;
    this.#partial.delete(output);
    if (isLast || whole === '' || whole.length > this.#maxCharacters) return whole;
    this.#partial.set(output, whole);
    return undefined;
  }
}

/** A fast check for the most common case, without scanning each character. */
function isOneRequest(text: string): boolean {
  return (
    text.startsWith('{"resource') &&
    text.endsWith('}') &&
    !/\}\s*\{"resource_?[A-Z]?[a-z]+"\s*:\s*\[/i.test(text)
  );
}

function isOneDocument(text: string): boolean {
  return (text.startsWith('{') || text.startsWith('[')) && new Depth().after(text) === 0;
}

/** Counts open brackets across lines. */
class Depth {
  #depth = 0;

  reset(): void {
    this.#depth = 0;
  }

  /** At most 0 if all brackets are closed. */
  after(text: string): number {
    // A JSON string cannot contain a line break.
    let inString = false;
    for (let at = 0; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      if (inString) {
        if (code === 0x5c) at += 1;
        else if (code === 0x22) inString = false;
      } else if (code === 0x22) inString = true;
      else if (code === 0x7b || code === 0x5b) this.#depth += 1;
      else if (code === 0x7d || code === 0x5d) this.#depth -= 1;
    }
    return this.#depth;
  }
}

/** The documents that follow each other in a text, and the elements of arrays among them. */
function* documentsOf(text: string): Generator<string> {
  let from = 0;
  let depth = 0;
  let inString = false;
  /** 1 inside a top-level array, whose elements are the documents. */
  let floor = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]!;
    if (inString) {
      if (character === '\\') at += 1;
      else if (character === '"') inString = false;
      continue;
    }
    if (character === '"') inString = true;
    else if (character === '[' && depth === 0) {
      floor = 1;
      depth = 1;
      from = at + 1;
    } else if (character === '{' || character === '[') depth += 1;
    else if (character === ']' && depth === 1 && floor === 1) {
      yield* trimmed(text.slice(from, at));
      floor = 0;
      depth = 0;
      from = at + 1;
    } else if (character === '}' || character === ']') {
      depth -= 1;
      if (depth !== floor) continue;
      yield* trimmed(text.slice(from, at + 1));
      from = at + 1;
    }
  }
  yield* trimmed(text.slice(from));
}

function* trimmed(text: string): Generator<string> {
  const document = text.replace(/^[\s,\ufeff]+|[\s,]+$/g, '');
  // The end of an array with one element per line.
  if (document !== '' && document !== ']') yield document;
}
