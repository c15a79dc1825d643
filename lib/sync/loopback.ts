/** The hosts that mean another machine on every machine. */
const loopback = /^https?:\/\/(127(\.\d+){3}|([^/:]+\.)?localhost|\[::1\]|\[::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}\])(?=[:/]|$)/i

/** Whether what is reached there is reached from its own machine alone. */
export function isOnLoopback (address: string): boolean {
  return loopback.test(address)
}
