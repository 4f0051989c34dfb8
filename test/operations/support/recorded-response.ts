import { EventEmitter } from 'node:events';

/** What a stream of lines needs of a response. It keeps what is written, and takes it when the test says so. */
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
