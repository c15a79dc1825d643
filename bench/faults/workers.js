import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { now } from './clock.js'
import { cores } from './cores.js'
import { freePort } from './free-port.js'

/** The four nodes of a run: starts them, does to them what a fault is made of, and knows what they have executed. */
export class Workers {
  /** The killed processes: `{ pid, at, goneAt }`. From the kill on until it is gone a process can still be sent something. */
  deaths = []
  #processes
  #gateway
  #folder = mkdtempSync(join(tmpdir(), 'bench-faults-'))
  #nodes = []
  #removeFolder = () => rmSync(this.#folder, { recursive: true, force: true })

  /** `gateway`: the address that their agents beat; undefined: they have no agent. */
  constructor (processes, gateway) {
    this.#processes = processes
    this.#gateway = gateway
    process.once('exit', this.#removeFolder)
  }

  async start (count) {
    for (let index = 0; index < count; index++) {
      this.#nodes.push({ port: await freePort() })
      await this.restart(index)
    }
  }

  get origins () {
    return this.#nodes.map(({ port }) => `http://127.0.0.1:${port}`)
  }

  /** Starts a worker on the port that it had; resolves when it listens. */
  async restart (index) {
    const node = this.#nodes[index]
    const args = [index, node.port, this.#folder, ...(this.#gateway === undefined ? [] : [this.#gateway])]
    node.child = await this.#processes.start('faults/worker.js', args.map(String), cores)
    node.pid = await node.child.call('pid')
  }

  signal (index, signal) {
    process.kill(this.#nodes[index].pid, signal)
  }

  async kill (index) {
    const { pid, child } = this.#nodes[index]
    const at = now()
    this.signal(index, 'SIGKILL')
    await child.exited
    this.deaths.push({ pid, at, goneAt: now() })
    await this.#processes.end(child)
  }

  /** Ends a worker by SIGTERM; resolves when it is gone. */
  async stop (index) {
    const { child } = this.#nodes[index]
    this.signal(index, 'SIGTERM')
    await child.exited
    await this.#processes.end(child)
  }

  async spoil (index, changes) {
    await this.#nodes[index].child.call('spoil', changes)
  }

  /** What the processes have executed of the POSTs: by pid the ids in their order (`begun`), and those they came to the end of (`ended`). */
  journals () {
    return new Map(readdirSync(this.#folder).map(name => {
      const lines = readFileSync(join(this.#folder, name), 'utf8').split('\n')
      const begun = lines.filter(line => line.startsWith('+')).map(line => line.slice(1))
      const ended = new Set(lines.filter(line => line.startsWith('-')).map(line => line.slice(1)))
      return [Number(name.split('-')[1]), { begun, ended }]
    }))
  }

  async end () {
    for (const { child } of this.#nodes) await this.#processes.end(child)
    this.#removeFolder()
    process.removeListener('exit', this.#removeFolder)
  }
}
