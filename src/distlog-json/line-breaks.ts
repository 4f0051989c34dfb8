/** distlog writes a line break within a text as a backslash and an n. */
export function withoutLineBreaks(text: string): string {
  return text.replaceAll('\n', '\\n');
}

/** The other way; a backslash and an n that stood there before become a line break too. */
export function withLineBreaks(text: string): string {
  return text.replaceAll('\\n', '\n');
}
