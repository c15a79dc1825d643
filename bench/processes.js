import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const taskset = ['/usr/bin/taskset', '/bin/taskset'].find(path => existsSync(path))

/** Whether processes can be pinned to a core on this machine. */
export const canPin = taskset !== undefined

/** The child processes of a run: started and asked one by one, and all ended by their ids, whatever happens. */
export class Processes {
  #running = new Set()

  /** Starts a file of this folder, pinned to a core where `taskset` is there, and resolves when it answers. */
  async start (file, args, core) {
    const path = fileURLToPath(new URL(file, import.meta.url))
    const command = [...(taskset === undefined ? [] : [taskset, '-c', String(core)]), process.execPath, path, ...args]
    const child = new Child(spawn(command[0], command.slice(1), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }), `${file} ${args[0] ?? ''}`)
    this.#running.add(child)
    await child.ready
    return child
  }

  /** Ends one process. */
  async end (child) {
    await child.end()
    this.#running.delete(child)
  }

  /** Ends all processes; resolves when they are gone. */
  async endAll () {
    await Promise.all([...this.#running].map(child => this.end(child)))
  }
}

/** One child process that answers calls (see `answer.js`). */
class Child {
  #child
  #calls = new Map()
  #sequence = 0

  constructor (child, title) {
    this.#child = child
    this.exited = new Promise(resolve => child.once('exit', resolve))
    this.ready = new Promise((resolve, reject) => this.#calls.set(0, { resolve, reject }))
    child.on('message', ({ call, result, error }) => {
      const waiting = this.#calls.get(call)
      this.#calls.delete(call)
      if (error !== undefined) waiting.reject(new Error(`${title}: ${error}`))
      else waiting.resolve(result)
    })
    const fail = reason => {
      for (const { reject } of this.#calls.values()) reject(new Error(`${title}: ${reason}`))
      this.#calls.clear()
    }
    child.once('error', error => fail(error.message))
    child.once('exit', (code, signal) => fail(`ended with ${signal ?? code}`))
  }

  /** Calls a function of the child by its name. */
  call (name, argument) {
    const call = ++this.#sequence
    return new Promise((resolve, reject) => {
      this.#calls.set(call, { resolve, reject })
      this.#child.send({ call, name, argument }, error => { if (error) reject(error) })
    })
  }

  /** Lets the child end by itself, and after two seconds kills it. */
  async end () {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    if (this.#child.connected) this.#child.disconnect()
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 2000)
    await this.exited
    clearTimeout(timer)
  }
}
