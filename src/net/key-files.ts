import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { FileContents } from '../settings/index.ts';
import { parseCurveKey } from './curve-key.ts';

const token: FileContents = {
  isSecret: true,
  problem: (content) =>
    /^[\x21-\x7e]{16,4096}$/.test(fileText(content))
      ? undefined
      : 'a token of 16 to 4096 visible ASCII characters without spaces',
};

const curveSecretKey: FileContents = {
  isSecret: true,
  problem: (content) =>
    parseCurveKey(fileText(content)) === undefined
      ? 'a secret key of 40 characters in Z85, as `distlogd keygen` writes it'
      : undefined,
};

const curvePublicKeys: FileContents = {
  isSecret: false,
  problem: (content) => {
    const { keys, wrongLine } = publicKeysIn(content);
    if (wrongLine !== undefined) {
      return `a public key of 40 characters in Z85 on each line (line ${wrongLine} is not)`;
    }
    return keys.length === 0 ? 'at least one public key' : undefined;
  },
};

const certificates: FileContents = {
  isSecret: false,
  problem: (content) => (parses(() => new X509Certificate(content)) ? undefined : 'a certificate, PEM'),
};

const privateKey: FileContents = {
  isSecret: true,
  problem: (content) =>
    parses(() => createPrivateKey(Buffer.from(content))) ? undefined : 'a private key, PEM, not encrypted',
};

/** The expected contents of the key, token and certificate files that options name. */
export const keyFiles = { token, curveSecretKey, curvePublicKeys, certificates, privateKey } as const;

/** Parses a list of public keys, one a line. `#` is a character of Z85, so a comment starts with `# `. */
export function publicKeysIn(content: Uint8Array): {
  readonly keys: readonly string[];
  readonly wrongLine?: number;
} {
  const keys: string[] = [];
  for (const [index, line] of Buffer.from(content).toString('utf8').split(/\r?\n/).entries()) {
    const text = line.trim();
    if (text === '' || text === '#' || text.startsWith('# ')) continue;
    const key = parseCurveKey(text.slice(0, 40));
    if (key === undefined || !/^(?:\s+# .*)?$/.test(text.slice(40))) return { keys, wrongLine: index + 1 };
    keys.push(key);
  }
  return { keys };
}

/** The text of a file, without surrounding white space. */
export function fileText(content: Uint8Array): string {
  return Buffer.from(content).toString('utf8').trim();
}

/** Whether a private key matches a certificate. Both are PEM. */
export function belongTogether(certificate: Uint8Array, key: Uint8Array): boolean {
  return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(Buffer.from(key)));
}

function parses(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch {
    return false;
  }
}
