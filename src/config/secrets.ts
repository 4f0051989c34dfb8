import { readFile, stat } from 'node:fs/promises';
import {
  belongTogether,
  type CurveServerKeys,
  fileText,
  keyFiles,
  type LoadedTls,
  publicKeysIn,
} from '../net/index.ts';
import { type ConfigError, ConfigErrors } from './config-error.ts';
import type { DaemonConfig, HttpConfig } from './daemon-config.ts';
import type { Extensions } from './extensions.ts';
import type { NamedFile } from './file-form.ts';
import type { ParsedConfig } from './parse-config.ts';

type ZmqListener = NonNullable<DaemonConfig['receivers']['zmqAck' | 'zmqPush']>;
type Server = Pick<HttpConfig, 'token' | 'tokenFile' | 'tls'>;

const MAX_FILE_BYTES = 1_048_576;

/** A valid configuration, with the content of its files. */
export interface LoadedConfig {
  readonly config: DaemonConfig;
  readonly secrets: Secrets;
  readonly extensions: Extensions;
}

/** The keys, tokens and certificates from the files of a configuration. Must not be printed. */
export class Secrets {
  readonly #contents: ReadonlyMap<string, Buffer>;

  /** @param contents of every file, by its path */
  constructor(contents: ReadonlyMap<string, Buffer>) {
    this.#contents = contents;
  }

  /** The keys of a ZeroMQ receiver, and those of its clients. */
  forZmq({ curve }: Pick<ZmqListener, 'curve'>): { readonly curve: CurveServerKeys | undefined } {
    if (curve === undefined) return { curve };
    const { secretKey, secretKeyFile, allow, allowFile } = curve;
    return {
      curve: {
        secretKey: secretKeyFile === undefined ? secretKey! : this.#text(secretKeyFile),
        clients: allowFile === undefined ? allow! : publicKeysIn(this.#bytes(allowFile)!).keys,
      },
    };
  }

  /** The certificates of a server, and the token that its clients must send. */
  forServer({ token, tokenFile, tls }: Server): {
    readonly token: string | undefined;
    readonly tls: LoadedTls | undefined;
  } {
    return {
      token: tokenFile === undefined ? token : this.#text(tokenFile),
      tls: tls && {
        cert: this.#bytes(tls.certFile),
        key: this.#bytes(tls.keyFile),
        ca: this.#bytes(tls.clientCaFile),
      },
    };
  }

  /** The content of a file that an option names. Undefined if it was not read. */
  contents(file: string): Buffer | undefined {
    return this.#contents.get(file);
  }

  #bytes(file: string | undefined): Buffer | undefined {
    return file === undefined ? undefined : this.#contents.get(file);
  }

  #text(file: string): string {
    return fileText(this.#contents.get(file)!);
  }
}

/** Reads the files of keys, tokens and certificates, checks their content, and reports all errors at once. */
export async function loadSecrets(
  parsed: ParsedConfig,
): Promise<{ readonly secrets: Secrets } | { readonly errors: readonly ConfigError[] }> {
  const errors = new ConfigErrors(parsed.fileName);
  const contents = new Map<string, Buffer>();
  const valid = new Map<string, NamedFile>();
  for (const named of parsed.files) {
    const content = await contentOf(named);
    if (typeof content === 'string') {
      errors.add(named.at, named.path, content);
      continue;
    }
    contents.set(named.file, content);
    valid.set(named.path, named);
  }
  for (const key of valid.values()) {
    if (key.contents !== keyFiles.privateKey) continue;
    const certificate = valid.get(key.path.replace(/keyFile$/, 'certFile'));
    if (certificate === undefined) continue;
    if (belongTogether(contents.get(certificate.file)!, contents.get(key.file)!)) continue;
    errors.add(key.at, key.path, `must be the private key of certFile, got a different one in ${key.file}`);
  }
  return errors.none ? { secrets: new Secrets(contents) } : { errors: errors.all() };
}

/** @returns the content, or an error that never contains a part of it */
async function contentOf({ contents, file }: NamedFile): Promise<Buffer | string> {
  try {
    const found = await stat(file);
    if (!found.isFile()) return `must be a regular file, got ${file}`;
    if (found.size > MAX_FILE_BYTES) {
      return `must be a file of at most 1MiB, got ${found.size} bytes in ${file}`;
    }
    if (contents.isSecret && isOpenToOthers(found)) {
      const mode = (found.mode & 0o777).toString(8).padStart(4, '0');
      return `must be a file that only its owner may read (chmod 600), got mode ${mode} of ${file}`;
    }
    const content = await readFile(file);
    const expected = contents.problem(content);
    return expected === undefined ? content : `must contain ${expected}, got other content in ${file}`;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'no such file' : code === 'EACCES' ? 'permission denied' : String(code);
    return `must be a file that can be read, got ${file}: ${why}`;
  }
}

/**
 * The rule of ssh: a file with a secret that this user owns must not be accessible to group and others. Files
 * of other users, such as those that an orchestrator mounts, are not checked.
 */
function isOpenToOthers({ mode, uid }: { readonly mode: number; readonly uid: number }): boolean {
  return (mode & 0o077) !== 0 && uid === process.getuid?.();
}
