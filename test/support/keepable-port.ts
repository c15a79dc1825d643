import { once } from 'node:events'
import { createServer } from 'node:net'

/** A port that is free now, below those that the system gives out by itself: it stays free while its worker is dead. */
export async function keepablePort (): Promise<number> {
  const port = 10_000 + Math.floor(Math.random() * 20_000)
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch {
    return await keepablePort()
  }
  server.close()
  await once(server, 'close')
  return port
}
