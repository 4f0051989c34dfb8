import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Certificate {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly certFile: string;
  readonly keyFile: string;
}

/** A certificate of its own for localhost and 127.0.0.1. Needs openssl. */
export function certificate(folder: string, name = 'server'): Certificate {
  const [certFile, keyFile] = [join(folder, `${name}.cert.pem`), join(folder, `${name}.key.pem`)];
  const kind = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  execFileSync('openssl', [...kind, '-days', '2', '-keyout', keyFile, '-out', certFile, ...names], {
    stdio: 'ignore',
  });
  return { cert: readFileSync(certFile), key: readFileSync(keyFile), certFile, keyFile };
}

/** `test`, or `test.skip` where there is no openssl. */
export function testWithOpenssl(): typeof test {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return test;
  } catch {
    return test.skip as typeof test;
  }
}
