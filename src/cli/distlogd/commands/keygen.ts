import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { newCurveKeyPair } from '../../../net/index.ts';
import type { Command } from '../command.ts';
import { ExitCode } from '../exit-code.ts';
import { alarming } from '../io.ts';

export const keygen: Command = {
  name: 'keygen',
  summary: 'makes a key pair for CURVE, for the daemon or for one client',
  details: [
    'Writes the secret key to a file that only this user can read, and prints the public key. A file that is there',
    'is not overwritten (exit code 73). The daemon and every client have a pair of their own.',
  ],
  options: {
    out: {
      type: 'string',
      short: 'o',
      value: 'FILE',
      help: 'where the secret key goes; ./distlogd-curve.key',
    },
  },
  async run(given, io) {
    const { out } = given.values;
    const file = resolve(io.directory, typeof out === 'string' ? out : 'distlogd-curve.key');
    const { publicKey, secretKey } = newCurveKeyPair();
    try {
      await writeFile(file, `${secretKey}\n`, { mode: 0o600, flag: 'wx' });
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const why = code === 'EEXIST' ? 'it is there already, and a key is not overwritten' : message;
      io.err(alarming(io, `${file}: a new file, got none: ${why}`));
      return ExitCode.CANNOT_CREATE;
    }
    for (const line of explanation(file, publicKey)) io.out(line);
    return ExitCode.OK;
  },
};

function explanation(file: string, publicKey: string): readonly string[] {
  return [
    `secret key: in ${file} (mode 0600; nobody else needs it)`,
    `public key: ${publicKey}`,
    '',
    "If it is the daemon's, in its configuration:",
    '  receivers:',
    '    zmqAck:',
    '      endpoint: tcp://*:5011',
    '      curve:',
    `        secretKeyFile: ${JSON.stringify(file)}`,
    "        allow: ['<public key of a client>']",
    'and every client gets the public key as that of its server.',
    '',
    "If it is a client's, in the daemon's configuration:",
    `        allow: ['${publicKey}']`,
  ];
}
