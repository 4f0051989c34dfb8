/**
 * What `distlog doctor` loads into a process, before anything else: it writes what it finds into a file of the
 * directory that `DISTLOG_DOCTOR` names, every second and at the exit, so that something is there however it ends.
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
      // The doctor has gone, and with it its directory; the application runs on.
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
