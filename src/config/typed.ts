import { isScalar, parseDocument } from 'yaml';

/**
 * The value of a text that comes from an environment variable and stands alone: `true`, `42` and `null` get their
 * YAML type, as in the Collector. Anything but a plain scalar stays the text that it is.
 */
export function typed(text: string): unknown {
  if (text === '') return null;
  if (!/^[-+.\w~]{1,40}$/.test(text)) return text;
  const { contents, errors } = parseDocument(text, { logLevel: 'silent' });
  return errors.length === 0 && isScalar(contents) ? contents.value : text;
}
