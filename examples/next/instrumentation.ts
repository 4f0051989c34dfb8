// Next.js calls register() once in each server process, before it answers requests. It makes the spans of
// requests itself.
export async function register() {
  // Also called in the edge runtime, which has no Node.js API.
  if (process.env.NEXT_RUNTIME === 'nodejs') await import('./instrumentation.node');
}

/** What a route, a page or a server action throws. */
export async function onRequestError(error: unknown, request: { method: string; path: string }) {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return;
  const { log } = await import('./log');
  log.error(error, `request failed: ${request.method} ${request.path}`);
}
