import type { Notice } from '../../../reader/index.ts';

/** Collects the notices of a source for the notes of an answer. */
export class Notes {
  readonly texts: string[] = [];
  hasMore = false;
  readonly add = (notice: Notice): void => {
    if (notice.notice === 'more') this.hasMore = true;
    else if (notice.notice === 'problem') this.texts.push(`Note: ${notice.message}`);
  };

  /** The notes, including one if there are more records. */
  get withMore(): readonly string[] {
    if (!this.hasMore) return this.texts;
    return [
      ...this.texts,
      'Note: only the newest records of this kind were read. To see others, use since, until or service.',
    ];
  }
}
