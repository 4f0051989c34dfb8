/**
 * The hook that `distlog doctor` preloads into a process. It writes its findings to a file in the directory
 * of `DISTLOG_DOCTOR`, every second and at exit, so that findings exist for every kind of end.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { armTimeout } from '../record/index.ts';
import { Examiner } from './examine.ts';

const INTERVAL_MILLIS = 1_000;

const directory = process.env.DISTLOG_DOCTOR;
if (directory !== undefined) {
  const path = join(directory, `${process.pid}.json`);
  const write = () => {
    try {
      writeFileSync(`${path}.next`, JSON.stringify(examiner.evidence()));
      renameSync(`${path}.next`, path);
    } catch {
      // The doctor has ended and removed its directory; the application continues.
    }
  };
  const examiner = new Examiner(write);
  const writeAgain = () => {
    write();
    armTimeout(writeAgain, INTERVAL_MILLIS).unref();
  };
  armTimeout(writeAgain, INTERVAL_MILLIS).unref();
  process.on('exit', write);
}
