import { answer } from '../answer.js'
import { profiler } from '../profiler.js'
import { gateways } from './index.js'

// A gateway in a process of its own; `start({ name, origins })` gives its port.
let gateway = {}

function ownCpuMs () {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

answer({
  async start ({ name, origins }) {
    gateway = await gateways[name].start(origins)
    return gateway.port
  },
  cpuMs: () => gateway.cpuMs?.() ?? ownCpuMs(),
  close: () => gateway.close?.(),
  ...profiler()
})
