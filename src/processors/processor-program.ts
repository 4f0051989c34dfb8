import type { Plugin, PluginProcessing } from '../component/index.ts';
import type { LogGroup } from '../otlp/index.ts';
import { problemText } from '../record/index.ts';
import type { Beginning, Reply } from './messages.ts';
import { processRequest } from './process-request.ts';

/**
 * The program of a processor's process: loads the plugin, creates the processor, then handles one request at
 * a time.
 */

// A plugin must not send messages to the daemon, like modules that call `process.send('ready')` for a process
// manager.
const send = process.send!.bind(process);
delete process.send;

// The daemon ends this process; a terminal or a service manager sends signals to all processes of the daemon.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
process.on('disconnect', () => process.exit());
process.once('message', (beginning: Beginning) => {
  begin(beginning).catch((error: unknown) => answer({ kind: 'failed', message: problemText(error) }));
});

async function begin(beginning: Beginning): Promise<void> {
  const processing = await made(beginning);
  process.on('message', (body: Uint8Array) => {
    processRequest(body, (group) => processing.process(group)).then(
      (piece) => answer({ kind: 'processed', ...piece }),
      (error: unknown) => answer({ kind: 'failed', message: problemText(error) }),
    );
  });
  answer({ kind: 'ready' });
}

async function made({ module, type, name, options }: Beginning): Promise<PluginProcessing<LogGroup>> {
  const loaded = (await import(module)) as {
    readonly plugin?: Plugin;
    readonly default?: { readonly plugin?: Plugin };
  };
  const { processors = [] } = loaded.plugin ?? loaded.default?.plugin ?? {};
  const found = processors.find((each) => each.type === type);
  if (found === undefined) throw new Error(`no longer has the processor ${type}`);
  const processing: unknown = await found.make(options as never, { name });
  if (typeof (processing as { readonly process?: unknown } | null | undefined)?.process !== 'function') {
    throw new Error('make() returned a processor without process()');
  }
  return processing as PluginProcessing<LogGroup>;
}

function answer(reply: Reply): void {
  send(reply);
}
