const MAX_CHARACTERS = 16_384;
const MAX_LEVELS = 8;

/**
 * A body or an attribute value as one text: strings as they are, everything else like JSON. Bounded in length
 * and depth; never throws, whatever the value does when it is read.
 */
export function valueText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === undefined || value === null) return '';
  if (typeof value !== 'object') return String(value);
  const out: string[] = [];
  try {
    write(value, { out, left: MAX_CHARACTERS }, 0);
  } catch {
    out.push('(cannot be read)');
  }
  return out.join('');
}

interface Target {
  readonly out: string[];
  left: number;
}

function write(value: unknown, target: Target, level: number): void {
  if (target.left <= 0) return;
  if (Array.isArray(value)) return writeAll('[', value, ']', target, level);
  if (value instanceof Uint8Array) return put(target, `(${value.length} bytes)`);
  if (value instanceof Date) return put(target, JSON.stringify(value) ?? 'null');
  if (typeof value === 'object' && value !== null) {
    return writeAll('{', Object.entries(value), '}', target, level);
  }
  put(target, typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? String(value)));
}

function writeAll(
  open: '[' | '{',
  items: readonly unknown[],
  close: string,
  target: Target,
  level: number,
): void {
  if (level >= MAX_LEVELS) return put(target, '…');
  put(target, open);
  for (let at = 0; at < items.length; at += 1) {
    if (at > 0) put(target, ', ');
    if (target.left <= 0) {
      put(target, '…');
      break;
    }
    if (open === '[') write(items[at], target, level + 1);
    else {
      const [name, item] = items[at] as [string, unknown];
      put(target, `${name}: `);
      write(item, target, level + 1);
    }
  }
  put(target, close);
}

function put(target: Target, text: string): void {
  const short = text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text;
  target.left -= short.length;
  target.out.push(short);
}
