const MAX_CHARACTERS = 16_384;
const MAX_LEVELS = 8;

/**
 * Converts a body or attribute value to text: strings unchanged, everything else similar to JSON. Values
 * other than strings are limited in length and depth. Never throws, even if reading the value throws.
 */
export function valueText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === undefined || value === null) return '';
  const target = { text: '' };
  try {
    // A function may have its own toString(), which may throw.
    if (typeof value !== 'object') target.text = String(value);
    else write(value, target, 0);
  } catch {
    target.text += '(cannot be read)';
  }
  return target.text;
}

interface Target {
  text: string;
}

function write(value: unknown, target: Target, level: number): void {
  if (value instanceof Uint8Array) target.text += `(${value.length} bytes)`;
  else if (Array.isArray(value)) writeList(value, target, level);
  else if (typeof value === 'bigint') target.text += String(value);
  else if (typeof value === 'object' && value !== null && !(value instanceof Date)) {
    writeMap(value as Readonly<Record<string, unknown>>, target, level);
  } else target.text += bounded(JSON.stringify(value) ?? String(value));
}

function writeList(items: readonly unknown[], target: Target, level: number): void {
  if (level >= MAX_LEVELS) {
    target.text += '…';
    return;
  }
  target.text += '[';
  for (let at = 0; at < items.length; at += 1) {
    if (at > 0) target.text += ',';
    if (isFull(target)) break;
    write(items[at], target, level + 1);
  }
  target.text += ']';
}

function writeMap(map: Readonly<Record<string, unknown>>, target: Target, level: number): void {
  if (level >= MAX_LEVELS) {
    target.text += '…';
    return;
  }
  target.text += '{';
  let isFirst = true;
  for (const name of Object.keys(map)) {
    if (!isFirst) target.text += ',';
    isFirst = false;
    if (isFull(target)) break;
    target.text += `${bounded(JSON.stringify(name))}:`;
    write(map[name], target, level + 1);
  }
  target.text += '}';
}

function isFull(target: Target): boolean {
  if (target.text.length < MAX_CHARACTERS) return false;
  if (!target.text.endsWith('…')) target.text += '…';
  return true;
}

function bounded(text: string): string {
  return text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text;
}
