import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import type { LoadedTls } from '../net/index.ts';
import { parseCurveKey } from '../net/index.ts';
import type { ClientTlsConfig, CurveConfig, ServerTlsConfig } from './daemon-config.ts';
import { type Fault, Faults } from './fault.ts';
import type { ParsedConfig } from './parse-config.ts';
import type { NamedFile } from './resolve.ts';

const maxFileBytes = 1_048_576;

/** What keys, tokens and certificates the configuration's files hold. Not to be printed. */
export class Secrets {
  readonly #contents: ReadonlyMap<string, Buffer>;

  /** @param contents of every file, by its path */
  constructor(contents: ReadonlyMap<string, Buffer>) {
    this.#contents = contents;
  }

  /** The token that clients have to send; undefined: none. */
  token(part: {
    readonly token?: string | undefined;
    readonly tokenFile?: string | undefined;
  }): string | undefined {
    return part.tokenFile === undefined ? part.token : this.#text(part.tokenFile);
  }

  /** The daemon's secret key, and the public keys of its clients. */
  curve(part: CurveConfig): { readonly secretKey: string; readonly allow: readonly string[] } {
    return {
      secretKey: part.secretKeyFile === undefined ? part.secretKey! : this.#text(part.secretKeyFile),
      allow: part.allowFile === undefined ? part.allow! : publicKeysOf(this.#text(part.allowFile)).keys,
    };
  }

  serverTls({ certFile, keyFile, clientCaFile }: ServerTlsConfig): LoadedTls {
    return { cert: this.#bytes(certFile), key: this.#bytes(keyFile), ca: this.#bytes(clientCaFile) };
  }

  clientTls({ caFile, certFile, keyFile }: ClientTlsConfig): LoadedTls {
    return { cert: this.#bytes(certFile), key: this.#bytes(keyFile), ca: this.#bytes(caFile) };
  }

  #bytes(file: string | undefined): Buffer | undefined {
    return file === undefined ? undefined : this.#contents.get(file);
  }

  #text(file: string): string {
    return this.#contents.get(file)!.toString('utf8').trim();
  }
}

/** Reads the files of keys, tokens and certificates, checks what they hold, and tells every fault at once. */
export async function loadSecrets(
  parsed: ParsedConfig,
): Promise<{ readonly secrets: Secrets } | { readonly faults: readonly Fault[] }> {
  const faults = new Faults(parsed.fileName);
  const contents = new Map<string, Buffer>();
  const wrong = new Set<string>();
  for (const named of parsed.files.filter(({ use }) => use !== 'written')) {
    const result = await contentOf(named);
    if (Buffer.isBuffer(result)) contents.set(named.file, result);
    else wrong.add(named.path);
    if (typeof result === 'string') faults.add(named.at, named.path, result);
  }
  for (const key of parsed.files.filter(({ use, path }) => use === 'privateKey' && !wrong.has(path))) {
    const certificate = parsed.files.find(
      ({ use, path }) => use === 'certificate' && path === key.path.replace(/keyFile$/, 'certFile'),
    );
    if (certificate === undefined || wrong.has(certificate.path)) continue;
    if (belongTogether(contents.get(certificate.file)!, contents.get(key.file)!)) continue;
    faults.add(key.at, key.path, `the private key of certFile, got another in ${key.file}`);
  }
  return faults.none ? { secrets: new Secrets(contents) } : { faults: faults.all() };
}

/** @returns the content, or what is wrong with it; never a piece of it */
async function contentOf({ use, file }: NamedFile): Promise<Buffer | string> {
  try {
    const found = await stat(file);
    if (!found.isFile()) return `a file, got something else at ${file}`;
    if (found.size > maxFileBytes) return `a file of at most 1MiB, got ${found.size} bytes in ${file}`;
    const content = await readFile(file);
    const wish = wishOf(use, content);
    return wish === undefined ? content : `${wish}, got something else in ${file}`;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is none' : code === 'EACCES' ? 'it may not be read' : String(code);
    return `a file that can be read, got ${file}: ${why}`;
  }
}

/** @returns what should be in the file, if it is not */
function wishOf(use: NamedFile['use'], content: Buffer): string | undefined {
  const text = content.toString('utf8').trim();
  if (use === 'token' && !/^[\x21-\x7e]{16,4096}$/.test(text)) {
    return 'a token of 16 to 4096 visible ASCII characters without blanks';
  }
  if (use === 'curveSecret' && parseCurveKey(text) === undefined) {
    return 'a secret key of 40 characters in Z85, as `distlogd keygen` writes it';
  }
  if (use === 'curveKeys') {
    const { keys, wrongLine } = publicKeysOf(text);
    if (wrongLine !== undefined)
      return `a public key of 40 characters in Z85 in each line (line ${wrongLine} is none)`;
    if (keys.length === 0) return 'at least one public key';
  }
  if (use === 'certificate' || use === 'authorities') {
    return parses(() => new X509Certificate(content)) ? undefined : 'a certificate, PEM';
  }
  if (use === 'privateKey') {
    return parses(() => createPrivateKey(content)) ? undefined : 'a private key, PEM, not encrypted';
  }
  return undefined;
}

/** `#` is a character of Z85, so a comment begins with `# `. */
function publicKeysOf(text: string): { readonly keys: readonly string[]; readonly wrongLine?: number } {
  const keys: string[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const content = line.trim();
    if (content === '' || content === '#' || content.startsWith('# ')) continue;
    const key = parseCurveKey(content.slice(0, 40));
    if (key === undefined || !/^(?:\s+# .*)?$/.test(content.slice(40))) return { keys, wrongLine: index + 1 };
    keys.push(key);
  }
  return { keys };
}

function belongTogether(certificate: Buffer, key: Buffer): boolean {
  return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
}

function parses(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch {
    return false;
  }
}
