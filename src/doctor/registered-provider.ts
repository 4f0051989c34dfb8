import { ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api';
import { globalLoggerProvider, Severity } from '../record/index.ts';
import type { BurstEvidence, ProviderEvidence } from './evidence.ts';

/** Where the SDKs keep the processors of a LoggerProvider. */
interface Inside {
  readonly _sharedState?: { readonly activeProcessor?: object };
  _getDelegate?(): object;
}

/** The registered LoggerProvider, as far as its state is accessible. */
export class RegisteredProvider {
  readonly #provider: object | undefined;
  /** Undefined if they cannot be determined. */
  readonly #processors: readonly object[] | undefined;

  constructor() {
    const global = globalLoggerProvider() as Inside | undefined;
    const provider = (global?._getDelegate?.() ?? global) as Inside | undefined;
    this.#provider = provider === undefined || isNoop(provider) ? undefined : provider;
    const active = provider?._sharedState?.activeProcessor;
    this.#processors = active === undefined ? undefined : leavesOf(active);
  }

  placeOf(owner: object): BurstEvidence['place'] {
    if (owner === this.#provider) return 'provider';
    if (this.#provider !== undefined && this.#processors === undefined) {
      // A burst in front of a provider shows no processors; one behind another provider cannot be identified.
      return nameOf(this.#provider) === 'BurstLoggerProvider' ? 'elsewhere' : 'unknown';
    }
    if (this.#processors?.includes(owner)) return 'processor';
    // Other processors hide the ones that they wrap.
    const areKnown = (this.#processors ?? []).every((each) => KNOWN.includes(nameOf(each)));
    return areKnown ? 'elsewhere' : 'unknown';
  }

  /**
   * Returns which DEBUG records it rejects. Must not be called after shutdown, when it rejects everything.
   */
  refuses(): ProviderEvidence['refuses'] {
    return this.#provider === undefined ? 'none' : refusedBy(this.#provider);
  }

  evidence(refuses: ProviderEvidence['refuses']): ProviderEvidence | undefined {
    if (this.#provider === undefined) return undefined;
    return {
      name: nameOf(this.#provider),
      processors: this.#processors?.map(nameOf),
      refuses,
    };
  }
}

/** Processors that wrap no other processor. */
const KNOWN: readonly string[] = [
  ...['BatchLogRecordProcessor', 'SimpleLogRecordProcessor', 'NoopLogRecordProcessor'],
  ...['TaskLogRecordProcessor', 'PriorityBatchLogRecordProcessor', 'BurstLogRecordProcessor'],
];

/** Whether the provider is the placeholder of the API. */
function isNoop(provider: object): boolean {
  return /^Noop|^ProxyLoggerProvider$/i.test(nameOf(provider));
}

function leavesOf(processor: object): readonly object[] {
  const { processors, _processors } = processor as { processors?: unknown; _processors?: unknown };
  const inner = processors ?? _processors;
  return Array.isArray(inner) ? inner.flatMap((each: object) => leavesOf(each)) : [processor];
}

function nameOf(object: object): string {
  return object.constructor?.name ?? 'an object';
}

interface AskedProvider {
  getLogger(name: string): { enabled?(options: object): boolean };
}

function refusedBy(provider: object): ProviderEvidence['refuses'] {
  try {
    const logger = (provider as AskedProvider).getLogger('distlog doctor');
    const refuses = (traceFlags: number) => {
      const span = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', traceFlags };
      const context = trace.setSpanContext(ROOT_CONTEXT, span);
      return logger.enabled?.({ severityNumber: Severity.DEBUG4, context }) === false;
    };
    if (refuses(TraceFlags.SAMPLED)) return 'all';
    return refuses(TraceFlags.NONE) ? 'unsampled' : 'none';
  } catch {
    return 'none';
  }
}
