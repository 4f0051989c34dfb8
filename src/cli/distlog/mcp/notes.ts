import type { Notice } from '../../../reader/index.ts';

/** Hears what a source says, for the notes of an answer. */
export class Notes {
  readonly texts: string[] = [];
  hasMore = false;
  readonly hear = (notice: Notice): void => {
    if (notice.notice === 'more') this.hasMore = true;
    else if (notice.notice === 'problem') this.texts.push(`Note: ${notice.message}`);
  };

  /** With a note that there is more, if there is. */
  get withMore(): readonly string[] {
    if (!this.hasMore) return this.texts;
    return [
      ...this.texts,
      'Note: there are more records of this kind; the newest were read. Use since, until or service.',
    ];
  }
}
