import { Processes } from './processes.js'

/** Prints the usage and ends, when that was asked for or an option is wrong. */
export function explain (usage, isAsked, wrong) {
  if (!isAsked && wrong === undefined) return
  console.log(wrong === undefined ? usage : `unknown: ${wrong}\n${usage}`)
  process.exit(wrong === undefined ? 0 : 1)
}

/** The processes of a run. A signal that ends the run ends them first. */
export function processesOfRun () {
  const processes = new Processes()
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => {
      console.error(`ended by ${signal}`)
      processes.endAll().then(() => process.exit(1))
    })
  }
  return processes
}

/** Shows a person how far the run is, in one line. */
export function showProgress (text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
}
