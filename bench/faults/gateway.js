import { answer } from '../answer.js'
import { proxies } from './proxies/index.js'

// A proxy in a process of its own: `node gateway.js <name>`. `start(origins)` gives its port.
let proxy = {}

answer({
  async start (origins) {
    proxy = await proxies[process.argv[2]].start(origins)
    return proxy.port
  },
  nodes: () => proxy.nodes?.() ?? null,
  changes: () => proxy.changes ?? [],
  close: () => proxy.close?.()
})
