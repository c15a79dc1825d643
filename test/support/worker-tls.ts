import { createServer } from 'node:https'
import { answering } from './worker.js'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import type { Handler } from './worker.js'

/** The certificate of these nodes, signed by itself: for 127.0.0.1 and node.example, from 2020 to 2120. Nothing but tests knows it. */
export const certificate = `-----BEGIN CERTIFICATE-----
MIIBfzCCASagAwIBAgIBATAKBggqhkjOPQQDAjAfMR0wGwYDVQQDDBRmYXN0aWZ5
LWJhbGFuY2UgdGVzdDAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFow
HzEdMBsGA1UEAwwUZmFzdGlmeS1iYWxhbmNlIHRlc3QwWTATBgcqhkjOPQIBBggq
hkjOPQMBBwNCAASyOCGiviVu2H19vXxLuKxdRS/dikMS3Uw+ao5+x1DXf4C5lJgy
lkFQ+K7FLDWOeBBqBvQkXS4jPX2e5fyThW0Co1EwTzAPBgNVHRMBAf8EBTADAQH/
MB0GA1UdEQQWMBSHBH8AAAGCDG5vZGUuZXhhbXBsZTAdBgNVHQ4EFgQU66gIiDgh
H8QA/PXOJFGqLhY9joowCgYIKoZIzj0EAwIDRwAwRAIgYNhKdHwxJaCLmG0094iF
t+lSFpyfrR2QZm+mIXXYPNcCIBsYWBaMQwy3tLQhiI1dygK0JsiKK7pfHMMUGEaC
q/JQ
-----END CERTIFICATE-----`

const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg+thEhEhjqs0+jar9
4FA4RTOM5Tm1GoKkOF3CNom/GlahRANCAASyOCGiviVu2H19vXxLuKxdRS/dikMS
3Uw+ao5+x1DXf4C5lJgylkFQ+K7FLDWOeBBqBvQkXS4jPX2e5fyThW0C
-----END PRIVATE KEY-----`

/** A node that speaks TLS. Closed with the test. */
export async function startTlsWorker (t: Test, handler: Handler = answering(200, 'over TLS')): Promise<string> {
  const server = createServer({ cert: certificate, key }, handler)
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await new Promise(resolve => server.once('listening', resolve))
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`
}
