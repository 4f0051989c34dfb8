export { count, counted, durationText, sizeText } from './amounts.ts';
export {
  type ColorChoice,
  colored,
  isColored,
  type Style,
  styleOfSeverity,
} from './color.ts';
export { columnsOf, cutToColumns } from './columns.ts';
export { attributesText, bodyText, severityText, stringOf, timeText } from './record-text.ts';
export { boundedText, safeJson, safeJsonText, safeText } from './safe-text.ts';
export { clockText, instantText, isoText } from './times.ts';
export { parseDuration, parseSize, showDuration, showSize } from './units.ts';
export { valueText } from './value-text.ts';
