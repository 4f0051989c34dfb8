import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { newCurveKeyPair } from '../../../net/index.ts';
import { command } from '../../command.ts';
import { commandError, ExitCode } from '../../exit-code.ts';

export const keygen = command({
  name: 'keygen',
  summary: 'creates a CURVE key pair, for the daemon or for one client',
  details: [
    'Writes the secret key to a file with mode 0600 and prints the public key. An existing file',
    'is not overwritten (exit code 73). The daemon and each client need their own key pair.',
  ],
  options: {
    out: {
      type: 'string',
      short: 'o',
      value: 'FILE',
      help: 'the file for the secret key (default: ./distlogd-curve.key)',
    },
  },
  async run({ values: { out = 'distlogd-curve.key' } }, io) {
    const file = resolve(io.directory, out);
    const { publicKey, secretKey } = newCurveKeyPair();
    try {
      await writeFile(file, `${secretKey}\n`, { mode: 0o600, flag: 'wx' });
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      throw commandError(
        ExitCode.CANNOT_CREATE,
        code === 'EEXIST' ? `${file} already exists; keys are never overwritten` : `${file}: ${message}`,
      );
    }
    for (const line of explanation(file, publicKey)) io.out(line);
    return ExitCode.OK;
  },
});

function explanation(file: string, publicKey: string): readonly string[] {
  return [
    `secret key: in ${file} (mode 0600; do not share it)`,
    `public key: ${publicKey}`,
    '',
    'For the daemon, add it to the configuration:',
    '  receivers:',
    '    zmqAck:',
    '      endpoint: tcp://*:5011',
    '      curve:',
    `        secretKeyFile: ${JSON.stringify(file)}`,
    "        allow: ['<public key of a client>']",
    'and configure the public key as the server key of every client.',
    '',
    "For a client, add it to the daemon's configuration:",
    `        allow: ['${publicKey}']`,
  ];
}
