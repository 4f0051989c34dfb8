import { Agent, type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { readFields } from '../../../support/protobuf-reader.js';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: Uint8Array | string;
  readonly agent?: Agent;
}

export const PROTOBUF = { 'content-type': 'application/x-protobuf' };
export const JSON_TYPE = { 'content-type': 'application/json' };

/** One request on its own connection. */
export function ask(endpoint: string, asked: Asked): Promise<Answer> {
  const { method = 'POST', path = '/v1/logs', headers = PROTOBUF, body = '', agent } = asked;
  const options = { method, path, headers, agent: agent ?? new Agent({ keepAlive: false }) };
  return new Promise((resolve, reject) => {
    const sent = request(endpoint, options, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(pieces) }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** `google.rpc.Status` */
export function statusOf(bytes: Uint8Array): { code: number; message: string } {
  const fields = [...readFields(bytes)];
  const value = (number: number) => fields.find((field) => field.number === number)?.value;
  return { code: Number(value(1) ?? 0), message: Buffer.from((value(2) ?? '') as Uint8Array).toString() };
}

/** A plain connection, and all data that is received until it ends. */
export async function rawConnection(port: number): Promise<{ socket: Socket; rest: Promise<string> }> {
  const socket = connect(port, '127.0.0.1');
  const pieces: Buffer[] = [];
  socket.on('data', (piece: Buffer) => pieces.push(piece));
  socket.on('error', () => {});
  const rest = new Promise<string>((resolve) =>
    socket.once('close', () => resolve(Buffer.concat(pieces).toString('latin1'))),
  );
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  return { socket, rest };
}

export function portOf(endpoint: string): number {
  return Number(/:(\d+)$/.exec(endpoint)![1]);
}
