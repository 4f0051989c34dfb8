import { errorText } from '../../record/index.ts';
import { MAX_STATE_BYTES } from './cursor-file.ts';

/** Why a sink's state cannot be kept; undefined: it can. */
export function stateProblem(state: unknown): string | undefined {
  if (state === undefined) return undefined;
  try {
    const bytes = Buffer.byteLength(JSON.stringify(state) ?? '');
    return bytes <= MAX_STATE_BYTES ? undefined : `of ${bytes} bytes, more than ${MAX_STATE_BYTES}`;
  } catch (error) {
    return `that is no JSON (${errorText(error)})`;
  }
}
