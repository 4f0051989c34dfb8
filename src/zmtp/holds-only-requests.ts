/** Pending socket requests. If a socket itself keeps the process alive, its handle is listed too. */
const REQUESTS: ReadonlySet<string> = new Set([
  'TCPConnectWrap',
  'PipeConnectWrap',
  'GetAddrInfoReqWrap',
  'WriteWrap',
  'ShutdownWrap',
]);

/**
 * Whether only pending socket requests keep this process or thread alive, so that it could otherwise exit.
 */
export function holdsOnlyRequests(): boolean {
  const resources = process.getActiveResourcesInfo?.() ?? [];
  return resources.length > 0 && resources.every((resource) => REQUESTS.has(resource));
}
