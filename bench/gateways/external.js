import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The path of an installed program, or undefined. */
export function installed (program) {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin']
  return folders.map(folder => join(folder, program)).find(path => existsSync(path))
}

/** Runs another program as a gateway: `configuration({ port, folder })` is what it reads, `args(file, folder)` its arguments. */
export async function externalGateway ({ program, configuration, args }) {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'bench-'))
  const file = join(folder, 'configuration')
  writeFileSync(file, configuration({ port, folder }))
  const child = spawn(installed(program), args(file, folder), { stdio: ['ignore', 'ignore', 'inherit'] })
  const exited = once(child, 'exit')
  const close = async () => {
    child.kill('SIGKILL')
    await exited
    rmSync(folder, { recursive: true, force: true })
  }
  exited.then(() => process.disconnect?.())
  process.once('SIGTERM', () => process.disconnect?.())
  await listening(port)
  return { port, close, cpuMs: () => cpuMsOf(child.pid) }
}

async function freePort () {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

async function listening (port) {
  for (let tries = 0; tries < 100; tries++) {
    const socket = connect(port, '127.0.0.1')
    const open = await once(socket, 'connect').then(() => true, () => false)
    socket.destroy()
    if (open) return
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  throw new Error(`nothing listens on port ${port}`)
}

/** CPU time of all threads of a process. `schedstat` counts in ns; `stat` (where there is no schedstat) in ticks of 10 ms. */
function cpuMsOf (pid) {
  const tasks = `/proc/${pid}/task`
  if (!existsSync(`/proc/${pid}/schedstat`)) {
    const [user, system] = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ').slice(11)
    return (Number(user) + Number(system)) * 10
  }
  const ns = readdirSync(tasks).map(task => Number(readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ')[0]))
  return ns.reduce((sum, each) => sum + each, 0) / 1e6
}
