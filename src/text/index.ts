export { attributesText, severityText, stringOf, timeMillisOf, timeText, valueText } from './record-text.ts';
export { parseDuration, parseSize, showDuration, showSize } from './units.ts';
