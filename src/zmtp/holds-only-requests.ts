/** Requests of sockets. Whoever has a socket that shall keep the process alive has its handle in the list as well. */
const REQUESTS: ReadonlySet<string> = new Set([
  'TCPConnectWrap',
  'PipeConnectWrap',
  'GetAddrInfoReqWrap',
  'WriteWrap',
  'ShutdownWrap',
]);

/** Whether nothing keeps this process, or thread, alive but requests of sockets that need not: it wants to end. */
export function holdsOnlyRequests(): boolean {
  const resources = process.getActiveResourcesInfo?.() ?? [];
  return resources.length > 0 && resources.every((resource) => REQUESTS.has(resource));
}
