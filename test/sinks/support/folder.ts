import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder for each test. They are removed after the last one, when no test writes any more. */
export function folderForEachTest(): () => string {
  let parent = '';
  let folder = '';
  beforeAll(() => {
    parent = mkdtempSync(join(tmpdir(), 'burstlog-'));
  });
  beforeEach(() => {
    folder = mkdtempSync(join(parent, 'test-'));
  });
  afterAll(() => rmSync(parent, { recursive: true, force: true }));
  return () => folder;
}
