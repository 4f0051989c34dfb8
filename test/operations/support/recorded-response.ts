import { EventEmitter } from 'node:events';

/** The parts of a response that a line stream needs. It records writes, and accepts them when the test allows it. */
export class Recorded extends EventEmitter {
  headersSent = false;
  writableLength = 0;
  text = '';
  isSlow = false;

  writeHead(): this {
    this.headersSent = true;
    return this;
  }

  flushHeaders(): void {}

  write(piece: string | Uint8Array): boolean {
    this.text += Buffer.from(piece as Uint8Array).toString('utf8');
    if (this.isSlow) this.writableLength += piece.length;
    return !this.isSlow;
  }

  drain(): void {
    this.writableLength = 0;
    this.emit('drain');
  }

  close(): void {
    this.emit('close');
  }
}
