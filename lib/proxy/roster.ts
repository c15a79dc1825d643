/** Where a member stands. */
export interface Place<T> {
  readonly member: T
  before: Place<T> | null
  after: Place<T> | null
  isTaken: boolean
}

/**
 * Members in the order in which they came, any of whom may leave at any time. A Set would do the same, but V8 moves a Set that is used a
 * lot to a new table again and again, and each table that it leaves points to the next: as soon as one of them has grown old, everything
 * that was ever in a later one lives until the next full collection. Here who leaves points to nobody.
 */
export class Roster<T> implements Iterable<T> {
  #first: Place<T> | null = null
  #last: Place<T> | null = null
  #next: Place<T> | null = null
  #length = 0

  get length (): number {
    return this.#length
  }

  /** Takes the place behind all others. */
  join (member: T): Place<T> {
    const place: Place<T> = { member, before: this.#last, after: null, isTaken: true }
    if (this.#last === null) this.#first = place
    else this.#last.after = place
    this.#last = place
    this.#length++
    return place
  }

  /** Gives a place up; later calls do nothing. */
  leave (place: Place<T>): void {
    if (!place.isTaken) return
    const { before, after } = place
    if (before === null) this.#first = after
    else before.after = after
    if (after === null) this.#last = before
    else after.before = before
    if (this.#next === place) this.#next = after
    place.before = place.after = null
    place.isTaken = false
    this.#length--
  }

  /** Calls `visit` with one after the other until it gives false. Anyone may join or leave meanwhile; `visit` must not call this. */
  each (visit: (member: T) => boolean): void {
    for (let place = this.#first; place !== null; place = this.#next) {
      this.#next = place.after
      if (!visit(place.member)) break
    }
    this.#next = null
  }

  /** Nobody may leave while this runs. */
  * [Symbol.iterator] (): Generator<T, void> {
    for (let place = this.#first; place !== null; place = place.after) yield place.member
  }
}
