/** Hands tasks out in the order of their instants, those of one instant in the order they came in: a binary heap. */
export class Heap {
  #entries = []
  #count = 0

  /** When the next task is due; Infinity: there is none. */
  get nextAt () {
    return this.#entries.length === 0 ? Infinity : this.#entries[0].at
  }

  push (at, task) {
    const entries = this.#entries
    const entry = { at, order: this.#count++, task }
    let place = entries.length
    while (place > 0) {
      const parent = (place - 1) >> 1
      if (!isBefore(entry, entries[parent])) break
      entries[place] = entries[parent]
      place = parent
    }
    entries[place] = entry
  }

  /** Takes the next task out. */
  shift () {
    const entries = this.#entries
    const { task } = entries[0]
    const last = entries.pop()
    if (entries.length > 0) this.#sink(last)
    return task
  }

  #sink (entry) {
    const entries = this.#entries
    let place = 0
    for (let child = 1; child < entries.length; child = 2 * place + 1) {
      if (child + 1 < entries.length && isBefore(entries[child + 1], entries[child])) child++
      if (!isBefore(entries[child], entry)) break
      entries[place] = entries[child]
      place = child
    }
    entries[place] = entry
  }
}

function isBefore (a, b) {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}
