import { Heap } from './heap.js'

/** The manual clock of a simulation: time passes from task to task, and nobody waits. Instants are ms. */
export class Timeline {
  #tasks = new Heap()
  #now = 0

  now () {
    return this.#now
  }

  at (instant, task) {
    this.#tasks.push(instant, task)
  }

  every (periodMs, firstAt, task) {
    this.at(firstAt, () => {
      task()
      this.every(periodMs, this.#now + periodMs, task)
    })
  }

  /** Lets time pass; every task runs at its instant, also those that come in meanwhile. */
  runUntil (end) {
    while (this.#tasks.nextAt <= end) {
      this.#now = this.#tasks.nextAt
      this.#tasks.shift()()
    }
    this.#now = end
  }
}
